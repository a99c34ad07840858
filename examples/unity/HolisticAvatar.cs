using System;
using System.Collections.Generic;
using UnityEngine;

namespace HolisticRtc
{
    /// <summary>Moves a humanoid avatar, such as one of VRM, by the rig that the server solves.</summary>
    /// <remarks>
    /// The avatar has to stand in a T-pose when the scene starts, and to look along its own +z. How its bones are turned in
    /// that pose doesn't matter. The subscriber has to ask for the part "rig".
    /// </remarks>
    public sealed class HolisticAvatar : MonoBehaviour
    {
        [SerializeField]
        private HolisticSubscriber subscriber = null;

        [SerializeField, Tooltip("The id of the person to show, if the subscriber receives several")]
        private int person = 0;

        [SerializeField, Tooltip("Of the avatar; its kind of rig is Humanoid")]
        private Animator animator = null;

        [SerializeField, Tooltip("Meshes with blend shapes of ARKit's names, such as jawOpen")]
        private SkinnedMeshRenderer[] faces = new SkinnedMeshRenderer[0];

        [SerializeField, Tooltip("Seconds in which a bone goes most of its way to where it is seen")]
        private float smoothing = 0.05f;

        private readonly List<Bone> bones = new List<Bone>();
        private Transform root;
        private Transform hips;
        private Vector3 hipsAtRest;
        private Vector3 hipsShown;
        private HolisticRig newest;

        /// <summary>The newest pose, for a face that is moved by something else, such as UniVRM's expressions.</summary>
        public event Action<HolisticRig> RigReceived;

        private void Awake()
        {
            root = animator.transform;
            for (int i = 0; i < HolisticRig.Bones.Length; i++)
            {
                // Few avatars have all of them.
                Transform bone = animator.GetBoneTransform(HolisticRig.Bones[i]);
                if (bone != null)
                {
                    bones.Add(new Bone(bone, i, Quaternion.Inverse(root.rotation) * bone.parent.rotation));
                }
            }
            hips = animator.GetBoneTransform(HumanBodyBones.Hips);
            hipsAtRest = hipsShown = root.InverseTransformPoint(hips.position);
        }

        private void OnEnable()
        {
            subscriber.FrameReceived += Take;
        }

        private void OnDisable()
        {
            subscriber.FrameReceived -= Take;
        }

        private void Take(HolisticFrame frame)
        {
            // Nobody is seen: the avatar stays as it is.
            if (frame.Rig == null || !subscriber.IsOf(frame, person))
            {
                return;
            }
            newest = frame.Rig;
            foreach (SkinnedMeshRenderer face in faces)
            {
                for (int i = 0; i < HolisticRig.ArkitNames.Length; i++)
                {
                    int shape = face.sharedMesh.GetBlendShapeIndex(HolisticRig.ArkitNames[i]);
                    if (shape >= 0)
                    {
                        face.SetBlendShapeWeight(shape, 100 * newest.Arkit[i]);
                    }
                }
            }
            RigReceived?.Invoke(newest);
        }

        /// <summary>After the Animator, so that what it does to these bones doesn't count.</summary>
        private void LateUpdate()
        {
            if (newest == null)
            {
                return;
            }
            float share = smoothing > 0 ? 1 - Mathf.Exp(-Time.deltaTime / smoothing) : 1;
            foreach (Bone bone in bones)
            {
                bone.Turn(newest.Rotations[bone.Index], share);
            }
            float size = hipsAtRest.y / HolisticRig.HipsHeight;
            Vector3 moved = newest.HipsPosition - new Vector3(0, HolisticRig.HipsHeight, 0);
            hipsShown = Vector3.Lerp(hipsShown, hipsAtRest + size * moved, share);
            hips.position = root.TransformPoint(hipsShown);
        }

        private sealed class Bone
        {
            public readonly int Index;
            private readonly Transform transform;
            private readonly Quaternion parent;
            private readonly Quaternion rest;
            private Quaternion shown;

            /// <param name="parent">How the bone's parent is turned in the avatar's space, in the T-pose.</param>
            public Bone(Transform transform, int index, Quaternion parent)
            {
                this.transform = transform;
                this.parent = parent;
                Index = index;
                rest = shown = transform.localRotation;
            }

            /// <summary>
            /// The rotation is given in the axes of the avatar, which in the T-pose all bones have, and is brought to those of
            /// the bone's parent.
            /// </summary>
            public void Turn(Quaternion rotation, float share)
            {
                Quaternion seen = Quaternion.Inverse(parent) * rotation * parent * rest;
                transform.localRotation = shown = Quaternion.Slerp(shown, seen, share);
            }
        }
    }
}
