// SPDX-License-Identifier: Apache-2.0
// Gives an image another backing file.
#include <fmt/format.h>

#include <algorithm>

#include "control/image/command.h"
#include "control/image/copy.h"

namespace kelvin::control::image {

namespace {

constexpr u64 kChunk = u64{2} << 20;

/// Bytes of `disk`, which may end before: behind it there are zeroes.
Result<> read_padded(block::IoContext& io, block::BlockNode& disk, u64 offset, std::span<u8> into) {
    const u64 there = std::min<u64>(into.size(), disk.size() - std::min(offset, disk.size()));
    std::ranges::fill(into.subspan(there), u8{0});
    const block::SingleBuffer buffer(into.first(there));
    return outcome(io.run(disk.read(offset, buffer.buffers())),
                   fmt::format("image '{}' cannot be read at {}", disk.path(), offset));
}

struct Move {
    block::IoContext& io;
    block::qcow2::Image& image;
    block::BlockNode* before;  ///< what is behind it; null: nothing
    block::BlockNode* after;
};

/// Of the `length` bytes at `offset`, which the image does not have, those that would change become its own.
Result<> keep_differences(const Move& move, u64 offset, u64 length, std::span<u8> old_data, std::span<u8> new_data) {
    const auto read = [&](block::BlockNode* disk, std::span<u8> into) {
        std::ranges::fill(into, u8{0});
        return disk == nullptr ? ok() : read_padded(move.io, *disk, offset, into);
    };
    old_data = old_data.first(length);
    new_data = new_data.first(length);
    KELVIN_TRY(read(move.before, old_data));
    KELVIN_TRY(read(move.after, new_data));
    const u64 cluster = move.image.header().cluster_size();
    for (u64 at = 0; at < length;) {
        // Whole clusters of the image, so that nothing is copied around what is written.
        const u64 size = std::min(length - at, cluster - (offset + at) % cluster);
        if (!std::ranges::equal(old_data.subspan(at, size), new_data.subspan(at, size))) {
            const block::SingleBuffer buffer(old_data.subspan(at, size));
            KELVIN_TRY(outcome(move.io.run(move.image.write(offset + at, buffer.buffers())),
                               fmt::format("image '{}' cannot be written at {}", move.image.path(), offset + at)));
        }
        at += size;
    }
    return ok();
}

Result<> copy_differences(const Move& move, Progress& progress) {
    std::vector<u8> old_data(kChunk);
    std::vector<u8> new_data(kChunk);
    for (u64 at = 0; at < move.image.size();) {
        progress.at(at);
        const u64 most = std::min(kChunk - at % kChunk, move.image.size() - at);
        const auto extent = move.io.run(move.image.extent(at, most));
        if (!extent) {
            return host_error(fmt::format("image '{}' cannot be read at {}", move.image.path(), at), extent.error());
        }
        if (!extent->present) {
            KELVIN_TRY(keep_differences(move, at, extent->length, old_data, new_data));
        }
        at += extent->length;
    }
    return ok();
}

}  // namespace

Result<int> rebase(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 1 || !arguments.has("b")) {
        return user_error("rebase takes -b BACKING -F FORMAT and an image",
                          "-u changes the name only, for a backing file that has moved");
    }
    const std::string& path = arguments.operands[0];
    const std::string backing = arguments.value("b");
    const std::string format = arguments.value("F");
    const bool name_only = arguments.has("u");
    if (!backing.empty()) {
        KELVIN_TRY(named_format(format.empty() ? "none; give -F" : format));
    }
    block::OpenOptions options;
    options.file.path = path;
    options.file.lock = block::LockMode::writer;
    options.format = block::Format::qcow2;
    options.with_backing = !name_only;  // the old one may be gone
    auto image = KELVIN_TRY(block::open_image(io, options));
    if (!name_only) {
        block::OpenedImage after;
        if (!backing.empty()) {
            const std::string file = KELVIN_TRY(block::backing_path(path, backing));
            after = KELVIN_TRY(open(io, file, block::format_called(format), false));
        }
        Progress progress(arguments.has("p"), image.node->size());
        KELVIN_TRY(copy_differences({io, *image.qcow2, image.qcow2->backing(), after.node.get()}, progress));
        KELVIN_TRY(outcome(io.run(image.node->flush()), fmt::format("image '{}' cannot be written", path)));
    }
    KELVIN_TRY(outcome(io.run(image.qcow2->set_backing_name(backing, format)),
                       fmt::format("image '{}' cannot be changed", path)));
    KELVIN_TRY(outcome(io.run(image.node->close()), fmt::format("image '{}' cannot be written", path)));
    return 0;
}

}  // namespace kelvin::control::image
