using System;
using Google.FlatBuffers;
using Wire = holistic.v1;

namespace HolisticRtc
{
    /// <summary>Reads the messages of the data channel "landmarks" (protocol "holistic.v1.fb").</summary>
    public static class LandmarkReader
    {
        /// <summary>The offset to the table, and the identifier.</summary>
        private const int HeaderSize = 8;

        /// <exception cref="FormatException">It is no landmark message, or cut, or corrupt.</exception>
        public static HolisticFrame Read(byte[] message)
        {
            var buffer = new ByteBuffer(message);
            // The verifier of FlatBuffers' C# runtime passes over the identifier.
            if (message.Length < HeaderSize || !Wire.Landmarks.LandmarksBufferHasIdentifier(buffer))
            {
                throw new FormatException("this is no landmark message");
            }
            if (!IsIntact(buffer))
            {
                throw new FormatException("the landmark message is truncated or corrupt");
            }
            return new HolisticFrame(Wire.Landmarks.GetRootAsLandmarks(buffer));
        }

        private static bool IsIntact(ByteBuffer buffer)
        {
            try
            {
                return Wire.Landmarks.VerifyLandmarks(buffer);
            }
            catch (Exception error) when (error is OverflowException || error is ArgumentOutOfRangeException)
            {
                return false; // The verifier meets negative offsets so.
            }
        }
    }
}
