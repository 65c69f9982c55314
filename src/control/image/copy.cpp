// SPDX-License-Identifier: Apache-2.0
#include "control/image/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace kelvin::control::image {

namespace {

constexpr u64 kChunk = u64{2} << 20;

Result<> write_chunk(const Copy& copy, u64 offset, std::span<u8> data) {
    const std::string doing = fmt::format("image '{}' cannot be written at {}", copy.target.file->path(), offset);
    if (copy.compress) {
        const u64 cluster = copy.target.qcow2->header().cluster_size();
        for (u64 at = 0; at < data.size(); at += cluster) {
            const auto part = data.subspan(at, std::min<u64>(cluster, data.size() - at));
            if (!block::is_zero(part) || copy.zeroes_needed) {
                KELVIN_TRY(outcome(copy.io.run(copy.target.qcow2->write_compressed(offset + at, part)), doing));
            }
        }
        return ok();
    }
    const u64 unit = copy.sparse_size == 0 ? data.size() : copy.sparse_size;
    for (u64 at = 0; at < data.size();) {
        const auto zero_at = [&](u64 from) {
            return copy.sparse_size != 0 && block::is_zero(data.subspan(from, std::min<u64>(unit, data.size() - from)));
        };
        const bool zero = zero_at(at);
        u64 end = at + unit;
        while (end < data.size() && zero_at(end) == zero) {
            end += unit;
        }
        end = std::min<u64>(end, data.size());
        if (!zero) {
            const block::SingleBuffer buffer(data.subspan(at, end - at));
            KELVIN_TRY(outcome(copy.io.run(copy.target.node->write(offset + at, buffer.buffers())), doing));
        } else if (copy.zeroes_needed) {
            KELVIN_TRY(outcome(copy.io.run(copy.target.node->write_zeroes(offset + at, end - at, true)), doing));
        }
        at = end;
    }
    return ok();
}

}  // namespace

Result<> copy_disk(const Copy& copy, Progress& progress) {
    const u64 size = copy.size;
    std::vector<u8> data(kChunk);
    for (u64 at = 0; at < size;) {
        progress.at(at);
        const u64 most = std::min(kChunk - at % kChunk, size - at);
        const auto piece = copy.io.run(piece_at(copy.source, copy.from + at, size - at));
        if (!piece) {
            return host_error(fmt::format("image '{}' cannot be read at {}", copy.source.path(), at), piece.error());
        }
        if (piece->zero) {
            // Compressed clusters are written whole: a hole's ragged end is left to the reads below.
            const u64 length = copy.compress && piece->length > most ? most : piece->length;
            if (copy.zeroes_needed) {
                KELVIN_TRY(outcome(copy.io.run(copy.target.node->write_zeroes(at, length, true)),
                                   fmt::format("image '{}' cannot be written at {}", copy.target.file->path(), at)));
            }
            if (!copy.compress || length == most) {
                at += length;
                continue;
            }
        }
        const u64 length = copy.compress ? most : std::min(most, piece->length);
        const auto part = std::span(data).first(length);
        const block::SingleBuffer buffer(part);
        KELVIN_TRY(outcome(copy.io.run(copy.source.read(copy.from + at, buffer.buffers())),
                           fmt::format("image '{}' cannot be read at {}", copy.source.path(), at)));
        KELVIN_TRY(write_chunk(copy, at, part));
        at += length;
    }
    return ok();
}

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
