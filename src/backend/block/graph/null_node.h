// SPDX-License-Identifier: Apache-2.0
// A disk of zeroes that forgets what is written to it.
#pragma once

#include "backend/block/node.h"

namespace kelvin::block {

class NullNode final : public BlockNode {
  public:
    NullNode(std::string driver, u64 size, bool read_only)
        : driver_(std::move(driver)), path_(driver_ + "://"), size_(size), read_only_(read_only) {}

    u64 size() const override { return size_; }
    bool read_only() const override { return read_only_; }
    std::string_view driver() const override { return driver_; }
    const std::string& path() const override { return path_; }
    void describe(backend::BlockLimits& limits) const override {
        limits.discards = true;
        limits.zeroes_quickly = true;
        limits.write_cache = true;
    }
    Task<int> read(u64 /*offset*/, Buffers buffers) override {
        buffers.clear();
        co_return 0;
    }
    Task<int> write(u64 /*offset*/, Buffers /*buffers*/) override { return change(); }
    Task<int> write_zeroes(u64 /*offset*/, u64 /*length*/, bool /*may_unmap*/) override { return change(); }
    Task<int> discard(u64 /*offset*/, u64 /*length*/) override { return change(); }
    Task<int> flush() override { co_return 0; }
    Task<Outcome<Extent>> extent(u64 /*offset*/, u64 length) override {
        co_return Extent{length, true, true, false, {}};
    }
    Task<int> resize(u64 size) override {
        size_ = read_only_ ? size_ : size;
        return change();
    }
    Task<int> close() override { co_return 0; }
    bool begin_direct(u64 /*offset*/, u64 /*length*/, bool /*is_write*/, DirectRequest& /*request*/) override {
        return false;
    }

  private:
    Task<int> change() { co_return read_only_ ? EROFS : 0; }

    std::string driver_;
    std::string path_;
    u64 size_;
    bool read_only_;
};

}  // namespace kelvin::block
