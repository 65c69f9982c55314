// SPDX-License-Identifier: Apache-2.0
// What is in the queues of a socket device (virtio 1.2, 5.10.6).
#pragma once

#include <compare>

#include "base/types.h"

namespace kelvin::device::vsock {

/// In front of every packet. Ports and addresses are of who sends it (src) and who is to get it (dst).
struct [[gnu::packed]] Header {
    u64 src_cid = 0;
    u64 dst_cid = 0;
    u32 src_port = 0;
    u32 dst_port = 0;
    u32 len = 0;  ///< bytes behind the header
    u16 type = 0;
    u16 op = 0;
    u32 flags = 0;
    u32 buf_alloc = 0;  ///< room for bytes of this connection at the sender's
    u32 fwd_cnt = 0;    ///< how many of them have left that room so far
};
static_assert(sizeof(Header) == 44);

namespace op {
constexpr u16 kRequest = 1;
constexpr u16 kResponse = 2;
constexpr u16 kReset = 3;
constexpr u16 kShutdown = 4;
constexpr u16 kData = 5;
constexpr u16 kCreditUpdate = 6;
constexpr u16 kCreditRequest = 7;
}  // namespace op

/// Of kShutdown: the sender will receive no more, will send no more.
constexpr u32 kShutReceive = 1;
constexpr u32 kShutSend = 2;
constexpr u32 kShutBoth = kShutReceive | kShutSend;

constexpr u16 kStream = 1;      // Header::type
constexpr u64 kHostCid = 2;     // 5.10.4
constexpr u32 kResetEvent = 0;  // VIRTIO_VSOCK_EVENT_TRANSPORT_RESET (5.10.6.7)

/// Names a connection of one guest.
struct Ports {
    u32 guest = 0;
    u32 host = 0;
    auto operator<=>(const Ports&) const = default;
};

}  // namespace kelvin::device::vsock
