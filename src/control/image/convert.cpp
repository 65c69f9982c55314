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
    copy.size = source.node->size();
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
