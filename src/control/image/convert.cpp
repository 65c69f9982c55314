// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "control/image/command.h"
#include "control/image/copy.h"
#include "state/text_values.h"

namespace kelvin::control::image {

namespace {

constexpr u64 kChunk = u64{2} << 20;

struct Copy {
    block::IoContext& io;
    block::BlockNode& source;
    block::OpenedImage& target;
    bool compress = false;
    bool zeroes_needed = false;  ///< the target has something else already
    u64 sparse_size = 4096;      ///< shorter runs of zeroes are written as they are
};

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

Result<> copy_disk(const Copy& copy, Progress& progress) {
    const u64 size = copy.source.size();
    std::vector<u8> data(kChunk);
    for (u64 at = 0; at < size;) {
        progress.at(at);
        const u64 most = std::min(kChunk - at % kChunk, size - at);
        const auto piece = copy.io.run(piece_at(copy.source, at, size - at));
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
        KELVIN_TRY(outcome(copy.io.run(copy.source.read(at, buffer.buffers())),
                           fmt::format("image '{}' cannot be read at {}", copy.source.path(), at)));
        KELVIN_TRY(write_chunk(copy, at, part));
        at += length;
    }
    return ok();
}

Result<block::OpenedImage> target_of(block::IoContext& io, const Arguments& arguments, const std::string& path,
                                     u64 size) {
    const auto format = KELVIN_TRY(named_format(arguments.has("O") ? arguments.value("O") : "raw"));
    if (arguments.has("n")) {
        auto target = KELVIN_TRY(open(io, path, format, true));
        if (target.node->size() < size) {
            return user_error(
                fmt::format("image '{}' has {} bytes, fewer than the {} to be copied", path, target.node->size(), size),
                "kelvin-img resize makes it larger");
        }
        return target;
    }
    const auto texts = arguments.options.find("o");
    return create_image(io, path, format, size,
                        texts == arguments.options.end() ? std::vector<std::string>() : texts->second,
                        arguments.value("B"), arguments.value("F"), true);
}

}  // namespace

Result<int> convert(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 2) {
        return user_error("convert takes an image and the name of the new one",
                          "kelvin-img convert -O qcow2 disk.raw disk.qcow2");
    }
    const auto format = KELVIN_TRY(format_option(arguments, "f"));
    const auto source = KELVIN_TRY(open(io, arguments.operands[0], format, false, arguments.has("U")));
    u64 sparse = 4096;
    if (arguments.has("S")) {
        sparse = KELVIN_TRY(state::parse_size(arguments.value("S"), 1));
    }
    auto target = KELVIN_TRY(target_of(io, arguments, arguments.operands[1], source.node->size()));
    Copy copy{io, *source.node, target};
    copy.compress = arguments.has("c");
    copy.sparse_size = sparse;
    copy.zeroes_needed =
        arguments.has("n") || arguments.has("B") || target.node->backing() != nullptr || target.file->is_device();
    if (copy.compress && target.qcow2 == nullptr) {
        return user_error("a raw image has no compressed clusters", "-O qcow2");
    }
    Progress progress(arguments.has("p"), source.node->size());
    KELVIN_TRY(copy_disk(copy, progress));
    KELVIN_TRY(
        outcome(io.run(target.node->close()), fmt::format("image '{}' cannot be written", arguments.operands[1])));
    return 0;
}

Result<int> compare(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 2) {
        return user_error("compare takes two images", "kelvin-img compare a.raw b.qcow2");
    }
    const auto first_format = KELVIN_TRY(format_option(arguments, "f"));
    const auto second_format = KELVIN_TRY(format_option(arguments, "F"));
    const auto first = KELVIN_TRY(open(io, arguments.operands[0], first_format, false, arguments.has("U")));
    const auto second = KELVIN_TRY(open(io, arguments.operands[1], second_format, false, arguments.has("U")));
    const u64 size = std::max(first.node->size(), second.node->size());
    if (arguments.has("s") && first.node->size() != second.node->size()) {
        std::puts("Strict mode: Image size mismatch!");
        return 1;
    }
    std::vector<u8> data[2] = {std::vector<u8>(kChunk), std::vector<u8>(kChunk)};
    Progress progress(arguments.has("p"), size);
    for (u64 at = 0; at < size; at += kChunk) {
        progress.at(at);
        for (int side = 0; side < 2; ++side) {
            block::BlockNode& disk = side == 0 ? *first.node : *second.node;
            std::ranges::fill(data[side], u8{0});
            const u64 there = at < disk.size() ? std::min(kChunk, disk.size() - at) : 0;
            const block::SingleBuffer buffer(std::span(data[side]).first(there));
            KELVIN_TRY(outcome(io.run(disk.read(at, buffer.buffers())),
                               fmt::format("image '{}' cannot be read at {}", disk.path(), at)));
        }
        if (data[0] != data[1]) {
            const auto different = std::ranges::mismatch(data[0], data[1]).in1 - data[0].begin();
            std::printf("Content mismatch at offset %llu!\n",
                        static_cast<unsigned long long>(at + static_cast<u64>(different)));
            return 1;
        }
    }
    if (!arguments.has("q")) {
        std::puts("Images are identical.");
    }
    return 0;
}

}  // namespace kelvin::control::image
