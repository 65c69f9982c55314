// SPDX-License-Identifier: Apache-2.0
#include "backend/block/graph/raw_node.h"

#include <algorithm>
#include <cerrno>

namespace kelvin::block {

namespace {

Task<int> done_with(int error) {
    co_return error;
}

}  // namespace

u64 RawNode::size() const {
    const u64 rest = inner_->size() - std::min(range_.offset, inner_->size());
    return range_.size ? *range_.size : rest;
}

Task<int> RawNode::write(u64 offset, Buffers buffers) {
    return read_only_ ? done_with(EROFS) : inner_->write(range_.offset + offset, buffers);
}

Task<int> RawNode::write_zeroes(u64 offset, u64 length, bool may_unmap) {
    return read_only_ ? done_with(EROFS) : inner_->write_zeroes(range_.offset + offset, length, may_unmap);
}

Task<int> RawNode::discard(u64 offset, u64 length) {
    return read_only_ ? done_with(EROFS) : inner_->discard(range_.offset + offset, length);
}

Task<int> RawNode::resize(u64 size) {
    if (read_only_ || range_.size) {
        return done_with(read_only_ ? EROFS : EOPNOTSUPP);
    }
    return size > u64{INT64_MAX} - range_.offset ? done_with(EFBIG) : inner_->resize(range_.offset + size);
}

bool RawNode::begin_direct(u64 offset, u64 length, bool is_write, DirectRequest& request) {
    return !(is_write && read_only_) && inner_->begin_direct(range_.offset + offset, length, is_write, request);
}

}  // namespace kelvin::block
