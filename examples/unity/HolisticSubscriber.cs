using System;
using System.Collections;
using System.Collections.Generic;
using System.Text;
using Unity.WebRTC;
using UnityEngine;
using UnityEngine.Networking;

namespace HolisticRtc
{
    /// <summary>Receives the landmarks of a running session, by WHEP and com.unity.webrtc.</summary>
    public sealed class HolisticSubscriber : MonoBehaviour
    {
        [SerializeField]
        private string server = "http://127.0.0.1:8080";

        [SerializeField, Tooltip("The session's id, as the server's page shows it")]
        private string session = "";

        [SerializeField, Tooltip("The session's viewing key, from the link that its publisher shares after #key=")]
        private string key = "";

        [SerializeField, Tooltip("The server's token, if it has one")]
        private string token = "";

        [SerializeField, Tooltip("Which landmarks to receive, such as rig; none means all but the rig")]
        private string[] parts = new string[0];

        [SerializeField, Min(1), Tooltip("How many of the people in a frame to receive; the server may track fewer")]
        private int maxPersons = 1;

        /// <summary>The newest frame of each person, by the person's id.</summary>
        private readonly Dictionary<int, uint> newestSeq = new Dictionary<int, uint>();

        private RTCPeerConnection peer;
        private RTCDataChannel landmarks;
        private RTCDataChannel control;
        private string location;

        /// <summary>
        /// Each frame of the session's first video that is newer than those before of the same person, on Unity's main thread.
        /// A frame with several people comes once for each of them.
        /// </summary>
        public event Action<HolisticFrame> FrameReceived;

        /// <summary>
        /// Whether to show a frame where this person is shown. Whoever receives one person shows that one, whose id may change.
        /// </summary>
        public bool IsOf(HolisticFrame frame, int person)
        {
            return maxPersons == 1 || frame.Person == person;
        }

        private IEnumerator Start()
        {
            peer = new RTCPeerConnection();
            landmarks = peer.CreateDataChannel(
                "landmarks",
                new RTCDataChannelInit { ordered = false, maxRetransmits = 0, protocol = "holistic.v1.fb" }
            );
            landmarks.OnMessage = TakeLandmarks;
            control = peer.CreateDataChannel("control", new RTCDataChannelInit { protocol = "holistic.control.v1" });
            control.OnMessage = TakeControl;
            control.OnOpen = Configure;
            yield return peer.SetLocalDescription();
            yield return new WaitUntil(() => peer.GatheringState == RTCIceGatheringState.Complete);

            using (UnityWebRequest request = Request("POST", $"{server}/whep/{session}?key={key}"))
            {
                request.SetRequestHeader("Content-Type", "application/sdp");
                request.uploadHandler = new UploadHandlerRaw(Encoding.UTF8.GetBytes(peer.LocalDescription.sdp));
                yield return request.SendWebRequest();
                if (request.result != UnityWebRequest.Result.Success)
                {
                    Debug.LogError($"{request.url}: {request.error} {request.downloadHandler.text}", this);
                    yield break;
                }
                location = new Uri(request.uri, request.GetResponseHeader("Location")).AbsoluteUri;
                var answer = new RTCSessionDescription { type = RTCSdpType.Answer, sdp = request.downloadHandler.text };
                RTCSetSessionDescriptionAsyncOperation taken = peer.SetRemoteDescription(ref answer);
                yield return taken;
                if (taken.IsError)
                {
                    Debug.LogError($"the answer can't be used: {taken.Error.message}", this);
                }
            }
        }

        private void OnDestroy()
        {
            if (location != null)
            {
                UnityWebRequest request = Request("DELETE", location);
                request.SendWebRequest().completed += _ => request.Dispose();
            }
            landmarks?.Dispose();
            control?.Dispose();
            peer?.Dispose();
        }

        private UnityWebRequest Request(string method, string url)
        {
            var request = new UnityWebRequest(url, method) { downloadHandler = new DownloadHandlerBuffer() };
            if (token != "")
            {
                request.SetRequestHeader("Authorization", $"Bearer {token}");
            }
            return request;
        }

        private void TakeLandmarks(byte[] message)
        {
            HolisticFrame frame = LandmarkReader.Read(message);
            // The channel is unordered.
            bool isNewest = !newestSeq.TryGetValue(frame.Person, out uint newest) || frame.Seq > newest;
            if (frame.Track == 0 && isNewest)
            {
                newestSeq[frame.Person] = frame.Seq;
                FrameReceived?.Invoke(frame);
            }
        }

        private void Configure()
        {
            if (maxPersons > 1)
            {
                control.Send($"{{\"type\": \"configure\", \"max_persons\": {maxPersons}}}");
            }
            if (parts.Length > 0)
            {
                control.Send(JsonUtility.ToJson(new Configuration { type = "configure", parts = parts }));
            }
        }

        private void TakeControl(byte[] bytes)
        {
            var message = JsonUtility.FromJson<ControlMessage>(Encoding.UTF8.GetString(bytes));
            switch (message.type)
            {
                case "ping": // Who doesn't answer is taken for gone after 3 seconds.
                    control.Send($"{{\"type\": \"pong\", \"id\": {message.id}}}");
                    break;
                case "error":
                case "end":
                    Debug.LogWarning(message.message, this);
                    break;
            }
        }

        [Serializable]
        private struct Configuration
        {
            public string type;
            public string[] parts;
        }

        [Serializable]
        private struct ControlMessage
        {
            public string type;
            public long id;
            public string message;
        }
    }
}
