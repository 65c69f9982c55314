// SPDX-License-Identifier: Apache-2.0
// How large an image will be: measure. And dd, which copies a part.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/bits.h"
#include "base/nearest_name.h"
#include "control/image/command.h"
#include "control/image/copy.h"
#include "state/text_values.h"

namespace kelvin::control::image {

namespace {

/// Bytes of the clusters, `cluster` bytes each, that a copy of `disk` needs.
Result<u64> used_bytes(block::IoContext& io, block::BlockNode& disk, u64 cluster) {
    u64 used = 0;
    u64 counted_to = 0;  // clusters up to here are counted
    for (u64 at = 0; at < disk.size();) {
        const auto piece = io.run(piece_at(disk, at, disk.size() - at));
        if (!piece) {
            return host_error(fmt::format("image '{}' cannot be read at {}", disk.path(), at), piece.error());
        }
        if (!piece->zero) {
            const u64 begin = std::max(counted_to, align_down(at, cluster));
            counted_to = align_up(at + piece->length, cluster);
            used += counted_to - std::min(begin, counted_to);
        }
        at += piece->length;
    }
    return used;
}

struct Need {
    u64 required = 0;
    u64 whole = 0;  ///< with every cluster
};

void print(const Need& need, bool json, bool with_bitmaps) {
    if (json) {
        std::printf("{\n    \"required\": %llu,\n    \"fully-allocated\": %llu\n}\n",
                    static_cast<unsigned long long>(need.required), static_cast<unsigned long long>(need.whole));
        return;
    }
    std::printf("required size: %llu\nfully allocated size: %llu\n", static_cast<unsigned long long>(need.required),
                static_cast<unsigned long long>(need.whole));
    if (with_bitmaps) {
        std::puts("bitmaps size: 0");
    }
}

/// "bs=64k"
Result<std::string> take_operand(const Arguments& arguments, std::string_view name) {
    for (const std::string& operand : arguments.operands) {
        if (operand.starts_with(fmt::format("{}=", name))) {
            return operand.substr(name.size() + 1);
        }
    }
    return std::string();
}

Result<u64> number(const Arguments& arguments, std::string_view name, u64 preset) {
    const std::string text = KELVIN_TRY(take_operand(arguments, name));
    if (text.empty()) {
        return preset;
    }
    return state::parse_size(text, 1);
}

Result<> check_operands(const Arguments& arguments) {
    constexpr std::string_view kNames[] = {"if", "of", "bs", "count", "skip"};
    for (const std::string& operand : arguments.operands) {
        const std::string_view name = std::string_view(operand).substr(0, operand.find('='));
        if (operand.find('=') == operand.npos || std::ranges::find(kNames, name) == std::end(kNames)) {
            return user_error(fmt::format("dd does not know '{}'{}", operand, did_you_mean(name, kNames)),
                              "if=FILE of=FILE bs=SIZE count=N skip=N");
        }
    }
    return ok();
}

}  // namespace

Result<int> measure(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() + (arguments.has("size") ? 1 : 0) != 1) {
        return user_error("measure takes an image, or --size for a new one", "kelvin-img measure -O qcow2 --size 10G");
    }
    const auto target = KELVIN_TRY(named_format(arguments.has("O") ? arguments.value("O") : "raw"));
    block::OpenedImage source;
    u64 size = 0;
    if (arguments.has("size")) {
        size = KELVIN_TRY(state::parse_size(arguments.value("size"), 1));
    } else {
        const auto format = KELVIN_TRY(format_option(arguments, "f"));
        source = KELVIN_TRY(open(io, arguments.operands[0], format, false, arguments.has("U")));
        size = source.node->size();
    }
    size = align_up(size, 512);
    Need need{size, size};
    if (target == block::Format::qcow2) {
        const auto texts = arguments.options.find("o");
        const auto options = KELVIN_TRY(
            read_qcow2_options(texts == arguments.options.end() ? std::vector<std::string>() : texts->second, size));
        KELVIN_TRY(block::qcow2::check_options(options, "the new image"));
        const u64 cluster = u64{1} << options.cluster_bits;
        u64 used = source.node == nullptr ? 0 : KELVIN_TRY(used_bytes(io, *source.node, cluster));
        if (options.preallocation >= block::qcow2::Preallocation::falloc) {
            used = size;
        }
        // Tables for all clusters, as they may be needed, and the data that there is.
        const u64 whole = block::qcow2::file_size_for(options, size);
        need = {whole - align_up(size, cluster) + align_up(used, cluster), whole};
    }
    print(need, arguments.value("output") == "json", source.qcow2 != nullptr && target == block::Format::qcow2);
    return 0;
}

Result<int> dd(block::IoContext& io, const Arguments& arguments) {
    KELVIN_TRY(check_operands(arguments));
    const std::string from = KELVIN_TRY(take_operand(arguments, "if"));
    const std::string to = KELVIN_TRY(take_operand(arguments, "of"));
    if (from.empty() || to.empty()) {
        return user_error("dd takes if=FILE and of=FILE", "kelvin-img dd if=a.qcow2 of=b.raw bs=1M count=10");
    }
    const u64 block_size = KELVIN_TRY(number(arguments, "bs", 512));
    const u64 skip = KELVIN_TRY(number(arguments, "skip", 0));
    const u64 count = KELVIN_TRY(number(arguments, "count", ~u64{0}));
    if (block_size == 0 || block_size > u64{INT32_MAX}) {
        return user_error(fmt::format("bs={} is not from 1 to {}", block_size, INT32_MAX));
    }
    const auto format = KELVIN_TRY(format_option(arguments, "f"));
    const auto target_format = KELVIN_TRY(named_format(arguments.has("O") ? arguments.value("O") : "raw"));
    const auto source = KELVIN_TRY(open(io, from, format, false, arguments.has("U")));
    const u64 whole = source.node->size();
    const u64 begin = skip > whole / block_size ? whole : skip * block_size;
    const u64 size = count > (whole - begin) / block_size ? whole - begin : count * block_size;
    auto target = KELVIN_TRY(create_image(io, to, target_format, size, {}, "", "", true));
    Copy copy{io, *source.node, target};
    copy.from = begin;
    copy.size = size;
    copy.zeroes_needed = target.file->is_device();
    Progress progress(false, size);
    KELVIN_TRY(copy_disk(copy, progress));
    KELVIN_TRY(outcome(io.run(target.node->close()), fmt::format("image '{}' cannot be written", to)));
    return 0;
}

}  // namespace kelvin::control::image
