using System;
using UnityEngine;
using Wire = holistic.v1;

namespace HolisticRtc
{
    /// <summary>A person in one tracked frame. A part that was not seen is null; left and right are the person's own.</summary>
    /// <remarks>
    /// On the wire x points to the picture's right, y down and z away from the camera. Unity is left-handed with y up, so
    /// y is turned over here, and the camera looks along +z. The person faces the camera, which is along -z.
    ///
    /// Landmarks are viewport coordinates, as in <see cref="Camera.ViewportToScreenPoint(Vector3)"/>: fractions of the
    /// picture, from its lower left corner; z is depth in units of the picture's width. World landmarks are metres from
    /// the middle between the hips, or from the hand's centre. Names and order of the points are MediaPipe's.
    /// </remarks>
    public sealed class HolisticFrame
    {
        /// <summary>Number of the tracked frame; a gap is a message that was dropped.</summary>
        public readonly uint Seq;

        /// <summary>When the frame was taken, since the track's first frame.</summary>
        public readonly uint TimestampMs;

        /// <summary>Size of the picture in pixels.</summary>
        public readonly Vector2Int Size;

        /// <summary>Which of the session's videos, from 0.</summary>
        public readonly int Track;

        /// <summary>The person's id, from 0. It stays the same from frame to frame.</summary>
        public readonly int Person;

        /// <summary>33 points.</summary>
        public readonly Vector3[] PoseLandmarks;

        /// <summary>Likelihood from 0 to 1 that each of the 33 points can be seen.</summary>
        public readonly float[] PoseVisibility;

        /// <summary>33 points.</summary>
        public readonly Vector3[] PoseWorldLandmarks;

        /// <summary>468 points of the mesh, then 5 of the right iris and 5 of the left.</summary>
        public readonly Vector3[] FaceLandmarks;

        /// <summary>52 scores from 0 to 1, in MediaPipe's order.</summary>
        public readonly float[] FaceBlendshapes;

        /// <summary>Where the head is, in metres from the camera, and how it is turned: at rest its nose points along -z.</summary>
        public readonly Pose? Head;

        /// <summary>21 points, as for the other hand.</summary>
        public readonly Vector3[] LeftHandLandmarks;

        public readonly Vector3[] LeftHandWorldLandmarks;
        public readonly Vector3[] RightHandLandmarks;
        public readonly Vector3[] RightHandWorldLandmarks;

        /// <summary>An avatar's pose. It comes only if the subscriber names the part, and while somebody is seen.</summary>
        public readonly HolisticRig Rig;

        internal HolisticFrame(Wire.Landmarks message)
        {
            Seq = message.Seq;
            TimestampMs = message.TimestampMs;
            Size = new Vector2Int(message.Width, message.Height);
            Track = message.Track;
            Person = message.Person;
            if (message.Pose is Wire.PoseLandmarks pose)
            {
                PoseLandmarks = Points(33, pose.Xyz, InViewport);
                PoseVisibility = Fractions(33, pose.Visibility);
            }
            if (message.PoseWorld is Wire.PoseWorldLandmarks poseWorld)
            {
                PoseWorldLandmarks = Points(33, poseWorld.Xyz, InWorld);
            }
            if (message.Face is Wire.FaceLandmarks face)
            {
                FaceLandmarks = Points(478, face.Xyz, InViewport);
            }
            if (message.Blendshapes is Wire.Blendshapes blendshapes)
            {
                FaceBlendshapes = Fractions(52, blendshapes.Score);
            }
            if (message.FaceTransform is Wire.FaceTransform transform)
            {
                Head = HeadOf(transform);
            }
            LeftHandLandmarks = Hand(message.LeftHand, InViewport);
            LeftHandWorldLandmarks = Hand(message.LeftHandWorld, InWorld);
            RightHandLandmarks = Hand(message.RightHand, InViewport);
            RightHandWorldLandmarks = Hand(message.RightHandWorld, InWorld);
            Rig = message.Rig is Wire.Rig rig ? new HolisticRig(rig) : null;
        }

        private static Vector3[] Hand(Wire.HandLandmarks? hand, Func<float, float, float, Vector3> place)
        {
            return hand is Wire.HandLandmarks seen ? Points(21, seen.Xyz, place) : null;
        }

        private static Vector3[] Points(int count, Func<int, short> stored, Func<float, float, float, Vector3> place)
        {
            const float Unit = 1f / 8192;
            var points = new Vector3[count];
            for (int i = 0; i < count; i++)
            {
                points[i] = place(stored(3 * i) * Unit, stored(3 * i + 1) * Unit, stored(3 * i + 2) * Unit);
            }
            return points;
        }

        internal static float[] Fractions(int count, Func<int, byte> stored)
        {
            var fractions = new float[count];
            for (int i = 0; i < count; i++)
            {
                fractions[i] = stored(i) / 255f;
            }
            return fractions;
        }

        private static Vector3 InViewport(float x, float y, float z)
        {
            return new Vector3(x, 1 - y, z);
        }

        private static Vector3 InWorld(float x, float y, float z)
        {
            return new Vector3(x, -y, z);
        }

        /// <summary>
        /// The transform's space is another one: centimetres, y up, z towards the camera. So z is turned over, and with it
        /// the sense of the rotations about x and y.
        /// </summary>
        private static Pose HeadOf(Wire.FaceTransform transform)
        {
            const float Metres = 0.01f;
            const float Unit = 1f / 32767;
            return new Pose(
                new Vector3(transform.Position(0), transform.Position(1), -transform.Position(2)) * Metres,
                new Quaternion(
                    -transform.Rotation(0) * Unit,
                    -transform.Rotation(1) * Unit,
                    transform.Rotation(2) * Unit,
                    transform.Rotation(3) * Unit
                ).normalized
            );
        }
    }
}
