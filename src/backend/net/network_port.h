// SPDX-License-Identifier: Apache-2.0
// Between a network device and the host's end of its cable: Ethernet frames.
#pragma once

#include <sys/uio.h>

#include <span>
#include <string>

#include "base/types.h"

namespace kelvin::backend {

/// The largest frame: 64 KiB of IP behind an Ethernet header with a VLAN tag.
inline constexpr u64 kMaxFrame = 65535 + 18;

/// What is left to do for a frame, as virtio describes it (virtio 1.2, 5.1.6).
struct FrameOffload {
    static constexpr u8 kNeedsChecksum = 1;
    static constexpr u8 kChecksumValid = 2;
    static constexpr u8 kNoSegments = 0;

    u8 flags = 0;
    u8 segment_type = kNoSegments;  ///< else the frame is to be cut into segments
    u16 header_length = 0;
    u16 segment_size = 0;
    u16 checksum_start = 0;   ///< where summing begins
    u16 checksum_offset = 0;  ///< where the sum goes, counted from there
};

/// What a receiver takes uncut and without checksums: the host's end need not finish the frames for it.
struct ReceiverOffloads {
    bool checksum = false;
    bool tcp4 = false;  ///< segments of TCP over IPv4, with FrameOffload::segment_type
    bool tcp6 = false;
    bool ecn = false;  ///< also those that carry congestion marks
    bool operator==(const ReceiverOffloads&) const = default;
};

/// The device's side. I/O loop's thread.
class NetworkReceiver {
  public:
    virtual ~NetworkReceiver() = default;
    /// A frame for the guest, in pieces. False if it has no room now: NetworkPort::ready() will be called.
    virtual bool receive(std::span<const iovec> frame, const FrameOffload& offload) = 0;
    /// The cable was plugged in or pulled.
    virtual void link_changed(bool up) = 0;
};

/// The host's side. I/O loop's thread.
class NetworkPort {
  public:
    virtual ~NetworkPort() = default;

    /// At most one; null to disconnect.
    virtual void set_receiver(NetworkReceiver* receiver) = 0;
    /// A frame from the guest, which is used before this returns. What cannot be sent is lost, as on a real wire.
    virtual void send(std::span<const iovec> frame, const FrameOffload& offload) = 0;
    /// The receiver has room again.
    virtual void ready() = 0;
    /// True if frames may come with work left to do for them.
    virtual bool takes_offloads() const = 0;
    /// True if frames may come for the receiver that are uncut or lack checksums, once it has said that it takes them.
    virtual bool gives_offloads() const { return false; }
    /// What the receiver takes from now on; nothing at first.
    virtual void set_receiver_offloads(const ReceiverOffloads& /*offloads*/) {}
    virtual bool link_up() const = 0;
    /// How many ports it has, for cards with as many queues: each carries some of the frames once it has a receiver.
    virtual unsigned queue_count() const { return 1; }
    /// The first is the port itself.
    virtual NetworkPort& queue(unsigned /*index*/) { return *this; }
    /// Lines about it for the user; may be empty.
    virtual std::string describe() const { return {}; }
};

}  // namespace kelvin::backend
