// SPDX-License-Identifier: Apache-2.0
// For tests of cards: a cable that keeps what is sent, and frames to put on it.
#pragma once

#include <array>
#include <vector>

#include "backend/net/network_port.h"
#include "device/network_card/frame.h"

namespace kelvin::device::network_card {

/// Methods are the I/O loop's; who looks at fields waits for the loop first.
class TestCable final : public backend::NetworkPort {
  public:
    void set_receiver(backend::NetworkReceiver* to) override { receiver = to; }
    void send(std::span<const iovec> frame, const backend::FrameOffload&) override {
        std::vector<u8>& kept = sent.emplace_back();
        for (const iovec& piece : frame) {
            const auto* const data = static_cast<const u8*>(piece.iov_base);
            kept.insert(kept.end(), data, data + piece.iov_len);
        }
    }
    void ready() override { ++readies; }
    bool takes_offloads() const override { return true; }
    bool link_up() const override { return plugged; }

    bool deliver(std::vector<u8>& frame, const backend::FrameOffload& offload) {
        const std::size_t half = frame.size() / 2;
        const iovec pieces[] = {{frame.data(), half}, {frame.data() + half, frame.size() - half}};
        return receiver->receive(pieces, offload);
    }
    void plug(bool in) {
        plugged = in;
        receiver->link_changed(in);
    }

    bool plugged = true;
    backend::NetworkReceiver* receiver = nullptr;
    std::vector<std::vector<u8>> sent;
    int readies = 0;
};

/// A frame of any kind.
inline std::vector<u8> frame_to(const std::array<u8, 6>& target, std::size_t size, u16 type = 0x88b5) {
    std::vector<u8> frame(size);
    for (std::size_t at = 0; at < size; ++at) {
        frame[at] = static_cast<u8>(at * 3);
    }
    std::copy(target.begin(), target.end(), frame.begin());
    frame[6] = 2;
    put_big16(frame, 12, type);
    return frame;
}

/// IPv4 with TCP or UDP and `data` bytes, all sums right.
inline std::vector<u8> packet_to(const std::array<u8, 6>& target, bool tcp, std::size_t data) {
    constexpr u32 kTransport = 34;
    const u32 header = tcp ? 20 : 8;
    std::vector<u8> frame = frame_to(target, kTransport + header + data, 0x0800);
    frame[14] = 0x45;
    frame[15] = 0;
    put_big16(frame, 16, static_cast<u32>(frame.size()) - 14);
    put_big16(frame, 18, 0x1234);
    put_big16(frame, 20, 0x4000);
    frame[22] = 64;
    frame[23] = tcp ? 6 : 17;
    put_big16(frame, 24, 0);
    put_sum(frame, 14, kTransport, 24);
    if (tcp) {
        put_big32(frame, kTransport + 4, 1000);
        frame[kTransport + 12] = 0x50;
        frame[kTransport + 13] = 0x19;  // ACK, PSH, FIN
    } else {
        put_big16(frame, kTransport + 4, static_cast<u32>(header + data));
    }
    const u32 at = kTransport + (tcp ? 16U : 6U);
    const u32 pseudo = internet_sum(std::span(frame).subspan(26, 8)) + static_cast<u32>(header + data) + frame[23];
    put_big16(frame, at, internet_sum({}, pseudo));
    put_sum(frame, kTransport, 0, at);
    return frame;
}

/// With a tag behind the addresses.
inline std::vector<u8> tagged(std::vector<u8> frame, u16 tag) {
    const std::array<u8, 4> bytes = {0x81, 0, static_cast<u8>(tag >> 8), static_cast<u8>(tag)};
    frame.insert(frame.begin() + 12, bytes.begin(), bytes.end());
    return frame;
}

inline bool sums_are_right(std::span<const u8> frame) {
    const FrameLayout layout = read_layout(frame);
    return check_network_sum(frame, layout) == Sum::good && check_transport_sum(frame, layout) == Sum::good;
}

}  // namespace kelvin::device::network_card
