// SPDX-License-Identifier: Apache-2.0
// A disk in memory for tests of devices: it answers in the loop's next turn.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "backend/block/block_device.h"
#include "base/event_loop.h"

namespace kelvin::backend {

struct TestDisk final : BlockDevice {
    explicit TestDisk(EventLoop& loop) : loop_(loop), content(1 << 20) {}
    ~TestDisk() override { loop_.cancel(this); }

    u64 size() const override { return content.size(); }
    bool read_only() const override { return frozen; }
    const BlockLimits& limits() const override { return bounds; }
    const std::string& name() const override { return text; }
    const std::string& serial() const override { return number; }
    void submit(BlockRequest& request) override {
        EXPECT_TRUE(loop_.is_own_thread());
        waiting.push_back(&request);
        if (!held) {
            loop_.post(call_method<&TestDisk::answer, TestDisk>, this);
        }
    }
    void drain() override {
        while (!waiting.empty()) {
            answer();
        }
    }
    void set_size_handler(void (*handler)(void*), void* context) override {
        size_handler = handler;
        size_context = context;
    }
    void answer() {
        if (waiting.empty()) {
            return;
        }
        BlockRequest& request = *waiting.front();
        waiting.erase(waiting.begin());
        ASSERT_LE(request.offset + request.length, content.size());
        durable += request.force_unit_access || request.kind == BlockRequest::Kind::flush ? 1 : 0;
        u64 at = request.offset;
        for (const iovec& piece : request.segments) {
            ASSERT_LE(at + piece.iov_len, request.offset + request.length);
            if (request.kind == BlockRequest::Kind::read) {
                std::memcpy(piece.iov_base, content.data() + at, piece.iov_len);
            } else {
                std::memcpy(content.data() + at, piece.iov_base, piece.iov_len);
            }
            at += piece.iov_len;
        }
        if (request.kind == BlockRequest::Kind::write_zeroes || request.kind == BlockRequest::Kind::discard) {
            std::memset(content.data() + request.offset, 0, request.length);
        }
        request.done(request, broken ? EIO : 0);
    }

    EventLoop& loop_;
    std::vector<u8> content;
    BlockLimits bounds{.discards = true};
    std::string text = "disk";
    std::string number = "S1";
    bool frozen = false;  ///< read-only
    bool broken = false;  ///< every request fails, and is done all the same
    bool held = false;    ///< only drain() and answer() get on with requests
    int durable = 0;
    std::vector<BlockRequest*> waiting;
    void (*size_handler)(void*) = nullptr;
    void* size_context = nullptr;
};

}  // namespace kelvin::backend
