// SPDX-License-Identifier: Apache-2.0
// A part of another layer, or all of it, as a layer of its own.
#pragma once

#include "backend/block/node.h"

namespace kelvin::block {

struct RawRange {
    u64 offset = 0;
    std::optional<u64> size;  ///< empty: to the end, wherever that is
};

class RawNode final : public BlockNode {
  public:
    /// `range` lies within `inner`.
    RawNode(std::shared_ptr<BlockNode> inner, RawRange range, bool read_only)
        : inner_(std::move(inner)), range_(range), read_only_(read_only) {}

    u64 size() const override;
    bool read_only() const override { return read_only_ || inner_->read_only(); }
    std::string_view driver() const override { return "raw"; }
    const std::string& path() const override { return inner_->path(); }
    void describe(backend::BlockLimits& limits) const override { inner_->describe(limits); }
    Task<int> read(u64 offset, Buffers buffers) override { return inner_->read(range_.offset + offset, buffers); }
    Task<int> write(u64 offset, Buffers buffers) override;
    Task<int> write_zeroes(u64 offset, u64 length, bool may_unmap) override;
    Task<int> discard(u64 offset, u64 length) override;
    Task<int> flush() override { return inner_->flush(); }
    Task<int> freeze() override {
        read_only_ = true;
        return inner_->flush();
    }
    Task<Outcome<Extent>> extent(u64 offset, u64 length) override {
        return inner_->extent(range_.offset + offset, length);
    }
    /// A part whose size was given keeps it.
    Task<int> resize(u64 size) override;
    Task<int> close() override { return inner_->flush(); }
    bool begin_direct(u64 offset, u64 length, bool is_write, DirectRequest& request) override;
    void end_direct(DirectRequest& request) override { inner_->end_direct(request); }
    u64 memory_alignment() const override { return inner_->memory_alignment(); }

  private:
    std::shared_ptr<BlockNode> inner_;
    RawRange range_;
    bool read_only_;
};

}  // namespace kelvin::block
