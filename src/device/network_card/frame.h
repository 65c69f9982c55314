// SPDX-License-Identifier: Apache-2.0
// Ethernet frames as cards that know of IP, TCP and UDP see them: where the headers are, checksums, segments.
#pragma once

#include <span>
#include <vector>

#include "backend/net/network_port.h"
#include "base/types.h"

namespace kelvin::device::network_card {

inline constexpr u64 kEthernetHeader = 14;
inline constexpr u64 kTagSize = 4;
/// Without the check sequence. Shorter ones are filled with zeros.
inline constexpr u64 kShortestFrame = 60;
inline constexpr u16 kTagType = 0x8100;

/// What is in a frame, as far as its bytes go. Offsets count from its begin.
struct FrameLayout {
    enum class Network : u8 { other, ipv4, ipv6 };
    enum class Transport : u8 { other, tcp, udp };

    Network network = Network::other;
    Transport transport = Transport::other;  ///< other: also for a fragment
    bool fragment = false;
    u32 network_at = 0;
    u32 transport_at = 0;
    u32 end = 0;         ///< of the packet; padding comes behind it
    u32 payload_at = 0;  ///< behind the last header that is known
};
FrameLayout read_layout(std::span<const u8> frame);

enum class Sum : u8 { none, good, bad };
/// IPv4's header checksum.
Sum check_network_sum(std::span<const u8> frame, const FrameLayout& layout);
/// TCP's or UDP's; none also for UDP without one.
Sum check_transport_sum(std::span<const u8> frame, const FrameLayout& layout);

/// The sum of RFC 1071 over big-endian words, not complemented.
u16 internet_sum(std::span<const u8> bytes, u32 start = 0);
/// Sums frame[start, end) and stores the complement at `at`, whose content is part of the sum. `end` is 0 for the
/// frame's. Nothing happens if any of it is outside of the frame.
void put_sum(std::span<u8> frame, u32 start, u32 end, u32 at);

/// Which sums are to be put in.
struct Sums {
    bool network = false;
    bool tcp = false;
    bool udp = false;
};
/// Makes those sums right that the frame has, whatever was in their place.
void complete_sums(std::span<u8> frame, const Sums& sums);

/// Where the headers of a packet to be cut are, as its driver says.
struct SegmentHeaders {
    u32 network_at = 0;
    bool is_ipv4 = false;
    u32 transport_at = 0;
    bool is_tcp = false;
};
/// Makes the copied headers at the begin of `frame` those of segment `index`, which `sent` bytes of data came before:
/// lengths, identification, sequence number, flags of TCP. Checksums are the caller's.
void number_segment(std::span<u8> frame, const SegmentHeaders& headers, u32 index, u32 sent, bool is_last);

/// Frames in one piece, in the order in which they are to go.
class FrameList {
  public:
    /// What one turn of a transmitter makes at most.
    static constexpr std::size_t kMostFrames = 64;

    /// A copy, to be changed until the next call.
    std::span<u8> add(std::span<const u8> frame);
    /// Puts `tag` behind the addresses of the last one.
    void tag_last(u16 type, u16 tag);
    /// Fills the last one up with zeros.
    void pad_last(u64 size);
    bool is_full() const { return ends_.size() >= kMostFrames; }
    void clear();
    std::size_t size() const { return ends_.size(); }
    std::span<u8> operator[](std::size_t index);

  private:
    std::vector<u8> bytes_;
    std::vector<std::size_t> ends_;
};

/// A frame in one piece, in `scratch` if it was not: checksums that were left to the receiver are put in, short ones
/// filled up. Empty if that cannot be done, or if it is none that fits on a wire uncut.
std::span<const u8> whole_frame(std::span<const iovec> pieces, const backend::FrameOffload& offload,
                                std::vector<u8>& scratch);

/// Of IEEE 802.3, 3.2.9; goes out with the low byte first.
u32 frame_check_sequence(std::span<const u8> frame);

inline u16 big16(std::span<const u8> bytes, u64 at) {
    return static_cast<u16>(bytes[at] << 8 | bytes[at + 1]);
}
/// The other byte first.
inline u16 swapped(u16 value) {
    return static_cast<u16>(value << 8 | value >> 8);
}
inline u32 big32(std::span<const u8> bytes, u64 at) {
    return u32{big16(bytes, at)} << 16 | big16(bytes, at + 2);
}
inline void put_big16(std::span<u8> bytes, u64 at, u32 value) {
    bytes[at] = static_cast<u8>(value >> 8);
    bytes[at + 1] = static_cast<u8>(value);
}
inline void put_big32(std::span<u8> bytes, u64 at, u32 value) {
    put_big16(bytes, at, value >> 16);
    put_big16(bytes, at + 2, value);
}

}  // namespace kelvin::device::network_card
