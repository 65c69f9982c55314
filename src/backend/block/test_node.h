// SPDX-License-Identifier: Apache-2.0
// A disk in memory for tests, which fails as it is told to.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/block/node.h"

namespace kelvin::block {

class FailingNode final : public BlockNode {
  public:
    explicit FailingNode(u64 size) : content(size) {}

    int error = 0;  ///< of every request; 0: none
    std::vector<u8> content;

    u64 size() const override { return content.size(); }
    bool read_only() const override { return false; }
    std::string_view driver() const override { return "failing"; }
    const std::string& path() const override { return path_; }
    void describe(backend::BlockLimits& limits) const override { limits.discards = true; }

    Task<int> read(u64 offset, Buffers buffers) override {
        if (error == 0) {
            buffers.copy_from(std::span(content).subspan(offset, buffers.length()));
        }
        co_return error;
    }
    Task<int> write(u64 offset, Buffers buffers) override {
        if (error == 0) {
            buffers.copy_to(std::span(content).subspan(offset, buffers.length()));
        }
        co_return error;
    }
    Task<int> write_zeroes(u64 offset, u64 length, bool /*may_unmap*/) override {
        if (error == 0) {
            std::memset(content.data() + offset, 0, length);
        }
        co_return error;
    }
    Task<int> discard(u64 /*offset*/, u64 /*length*/) override { co_return error; }
    Task<int> flush() override { co_return error; }
    Task<Outcome<Extent>> extent(u64 /*offset*/, u64 length) override {
        co_return Extent{.length = length, .present = true, .host_offset = std::nullopt};
    }
    Task<int> resize(u64 size) override {
        content.resize(size);
        co_return 0;
    }
    Task<int> close() override { co_return 0; }
    bool begin_direct(u64 /*offset*/, u64 /*length*/, bool /*is_write*/, DirectRequest& /*request*/) override {
        return false;
    }

  private:
    std::string path_ = "nowhere";
};

}  // namespace kelvin::block
