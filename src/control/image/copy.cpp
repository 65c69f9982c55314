// SPDX-License-Identifier: Apache-2.0
#include "control/image/copy.h"

#include <algorithm>

namespace kelvin::control::image {

block::Task<block::Outcome<Piece>> piece_at(block::BlockNode& disk, u64 offset, u64 length) {
    Piece piece;
    piece.length = length;
    for (block::BlockNode* layer = &disk; layer != nullptr; layer = layer->backing()) {
        if (offset >= layer->size()) {
            break;  // behind a shorter layer's end there are zeroes
        }
        const u64 within = std::min(piece.length, layer->size() - offset);
        const auto extent = co_await layer->extent(offset, within);
        if (!extent) {
            co_return std::unexpected(extent.error());
        }
        piece.length = extent->length;
        if (extent->present) {
            piece.present = true;
            piece.zero = extent->zero;
            piece.host_offset = extent->host_offset;
            piece.compressed = extent->compressed;
            co_return piece;
        }
        if (layer->backing() != nullptr) {
            ++piece.depth;
        }
    }
    piece.zero = true;
    co_return piece;
}

}  // namespace kelvin::control::image
