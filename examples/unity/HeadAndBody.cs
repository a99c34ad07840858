using UnityEngine;

namespace HolisticRtc
{
    /// <summary>An example of a consumer: moves a head, and shows the points of body and hands in the Scene view.</summary>
    public sealed class HeadAndBody : MonoBehaviour
    {
        /// <summary>From a face that looks along -z to a model that looks along +z.</summary>
        private static readonly Quaternion TurnAround = Quaternion.Euler(0, 180, 0);

        [SerializeField]
        private HolisticSubscriber subscriber = null;

        [SerializeField, Tooltip("The id of the person to show, if the subscriber receives several")]
        private int person = 0;

        [SerializeField, Tooltip("A head whose nose points along its +z")]
        private Transform head = null;

        private HolisticFrame newest;

        private void OnEnable()
        {
            subscriber.FrameReceived += Show;
        }

        private void OnDisable()
        {
            subscriber.FrameReceived -= Show;
        }

        private void Show(HolisticFrame frame)
        {
            if (!subscriber.IsOf(frame, person))
            {
                return;
            }
            newest = frame;
            if (frame.Head is Pose pose)
            {
                head.localPosition = pose.position;
                head.localRotation = pose.rotation * TurnAround;
            }
        }

        private void OnDrawGizmos()
        {
            Gizmos.matrix = transform.localToWorldMatrix;
            foreach (Vector3 point in newest?.PoseWorldLandmarks ?? new Vector3[0])
            {
                Gizmos.DrawSphere(point, 0.02f);
            }
        }
    }
}
