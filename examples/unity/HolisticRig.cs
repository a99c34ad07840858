using System;
using UnityEngine;
using Wire = holistic.v1;

namespace HolisticRtc
{
    /// <summary>An avatar's pose, solved by the server. See "The rig" in docs/protocol.md.</summary>
    /// <remarks>
    /// On the wire x points to the person's left, y up and z to where the person looks. Unity is left-handed: for an avatar
    /// that looks along +z, x points to its right. So x is turned over here, and the sense of the rotations about y and z.
    /// </remarks>
    public sealed class HolisticRig
    {
        /// <summary>The height of the hips in a T-pose, in metres: that of the skeleton which the pose is solved for.</summary>
        public const float HipsHeight = 0.95f;

        /// <summary>The 49 bones, in the order of their rotations; each comes after the bone that it hangs on.</summary>
        public static readonly HumanBodyBones[] Bones = MakeBones();

        /// <summary>The 17 expressions by VRM's names, in their order.</summary>
        public static readonly string[] ExpressionNames =
        {
            "aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "lookUp", "lookDown",
            "lookLeft", "lookRight", "happy", "angry", "sad", "surprised", "relaxed",
        };

        /// <summary>The 52 shapes by ARKit's names, in their order.</summary>
        public static readonly string[] ArkitNames =
        {
            "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
            "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight",
            "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft",
            "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
            "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose",
            "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
            "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
            "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
            "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft",
            "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft",
            "noseSneerRight", "tongueOut",
        };

        /// <summary>Each bone's in the space of its parent, by which it is turned from a T-pose, in the avatar's axes.</summary>
        public readonly Quaternion[] Rotations;

        /// <summary>In metres; at rest (0, <see cref="HipsHeight"/>, 0).</summary>
        public readonly Vector3 HipsPosition;

        /// <summary>From 0 to 1, and so is <see cref="Arkit"/>. Use one of the two: together they move a face twice.</summary>
        public readonly float[] Expressions;

        public readonly float[] Arkit;

        internal HolisticRig(Wire.Rig rig)
        {
            const float Unit = 1f / 32767;
            Rotations = new Quaternion[Bones.Length];
            for (int i = 0; i < Rotations.Length; i++)
            {
                Rotations[i] = new Quaternion(
                    rig.Rotation(4 * i) * Unit,
                    -rig.Rotation(4 * i + 1) * Unit,
                    -rig.Rotation(4 * i + 2) * Unit,
                    rig.Rotation(4 * i + 3) * Unit
                ).normalized;
            }
            HipsPosition = new Vector3(-rig.HipsPosition(0), rig.HipsPosition(1), rig.HipsPosition(2));
            Expressions = HolisticFrame.Fractions(ExpressionNames.Length, rig.Expression);
            Arkit = HolisticFrame.Fractions(ArkitNames.Length, rig.Arkit);
        }

        private static HumanBodyBones[] MakeBones()
        {
            const string Trunk = "Hips Spine Chest Neck Head";
            const string Side =
                "Eye UpperArm LowerArm Hand ThumbProximal ThumbIntermediate ThumbDistal "
                + "IndexProximal IndexIntermediate IndexDistal MiddleProximal MiddleIntermediate MiddleDistal "
                + "RingProximal RingIntermediate RingDistal LittleProximal LittleIntermediate LittleDistal "
                + "UpperLeg LowerLeg Foot";
            string names = Trunk + " Left" + Side.Replace(" ", " Left") + " Right" + Side.Replace(" ", " Right");
            return Array.ConvertAll(names.Split(' '), name => (HumanBodyBones)Enum.Parse(typeof(HumanBodyBones), name));
        }
    }
}
