// SPDX-License-Identifier: Apache-2.0
// A card for tests of networks: keeps the frames that come.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <thread>
#include <vector>

#include "backend/net/network_port.h"
#include "base/loop_thread.h"

namespace kelvin::backend {

/// On the loop of `thread`; other threads look at it by call().
struct TestGuest final : NetworkReceiver {
    bool receive(std::span<const iovec> frame, const FrameOffload& what) override {
        if (!room) {
            return false;
        }
        std::vector<u8> bytes;
        for (const iovec& piece : frame) {
            const auto* const data = static_cast<const u8*>(piece.iov_base);
            bytes.insert(bytes.end(), data, data + piece.iov_len);
        }
        frames.push_back(std::move(bytes));
        offload = what;
        return true;
    }
    void link_changed(bool) override {}

    bool room = true;
    std::vector<std::vector<u8>> frames;
    FrameOffload offload;
};

/// Sends `text` in a frame of two pieces.
inline void send_text(LoopThread& thread, NetworkPort& port, std::string_view text) {
    std::vector<u8> frame(14, u8{0xff});
    frame.insert(frame.end(), text.begin(), text.end());
    const std::array<iovec, 2> pieces = {{{frame.data(), 14}, {frame.data() + 14, frame.size() - 14}}};
    thread.loop.call([&] { port.send(pieces, {}); });
}

/// True as soon as `condition()` is, on the loop; false after a time that only a broken network needs.
template <class Condition>
bool eventually(LoopThread& thread, Condition condition) {
    for (int tries = 0; tries < 5000; ++tries) {
        bool met = false;
        thread.loop.call([&] { met = condition(); });
        if (met) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

/// True once a frame has come that ends with `text`.
inline bool hears(LoopThread& thread, const TestGuest& guest, std::string_view text) {
    return eventually(thread, [&] {
        return std::ranges::any_of(guest.frames, [&](const std::vector<u8>& frame) {
            return frame.size() >= text.size() && std::equal(text.rbegin(), text.rend(), frame.rbegin());
        });
    });
}

}  // namespace kelvin::backend
