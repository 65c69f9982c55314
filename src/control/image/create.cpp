// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>
#include <cstdio>

#include "backend/block/qcow2/create.h"
#include "control/image/command.h"
#include "state/options.h"
#include "state/text_values.h"

namespace kelvin::control::image {

namespace {

/// What -o takes.
struct FormatOptions {
    std::optional<state::Size> size;
    std::string backing_file;
    std::string backing_fmt;
    std::string compat = "1.1";
    state::Size cluster_size{65536};
    u32 refcount_bits = 16;
    bool lazy_refcounts = false;
    bool extended_l2 = false;
    std::string compression_type = "zlib";
    std::string preallocation = "off";

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("size", size, "bytes of the disk");
        visit("backing_file", backing_file, "the image behind it");
        visit("backing_fmt", backing_fmt, "that one's format");
        visit("compat", compat, "0.10 or 1.1: qcow2's version 2 or 3");
        visit("cluster_size", cluster_size, "512 to 2M");
        visit("refcount_bits", refcount_bits, "1 to 64");
        visit("lazy_refcounts", lazy_refcounts, "refcounts may be written late");
        visit("extended_l2", extended_l2, "clusters have 32 parts each");
        visit("compression_type", compression_type, "zlib or zstd");
        visit("preallocation", preallocation, "off, metadata, falloc or full");
    }
};

Result<block::qcow2::Preallocation> preallocation_called(const std::string& name) {
    constexpr std::string_view kNames[] = {"off", "metadata", "falloc", "full"};
    const auto found = std::ranges::find(kNames, name);
    if (found == std::end(kNames)) {
        return user_error(fmt::format("preallocation cannot be '{}'", name), "off, metadata, falloc or full");
    }
    return static_cast<block::qcow2::Preallocation>(found - std::begin(kNames));
}

Result<block::qcow2::CreateOptions> qcow2_options(const FormatOptions& given, u64 size) {
    block::qcow2::CreateOptions options;
    options.size = size;
    if (given.compat != "0.10" && given.compat != "1.1" && given.compat != "v2" && given.compat != "v3") {
        return user_error(fmt::format("compat cannot be '{}'", given.compat), "0.10 or 1.1");
    }
    options.version = given.compat == "0.10" || given.compat == "v2" ? 2 : 3;
    if (!std::has_single_bit(given.cluster_size.bytes)) {
        return user_error("cluster_size must be a power of two from 512 to 2M");
    }
    options.cluster_bits = static_cast<unsigned>(std::countr_zero(given.cluster_size.bytes));
    if (!std::has_single_bit(given.refcount_bits) || given.refcount_bits > 64) {
        return user_error("refcount_bits must be a power of two from 1 to 64");
    }
    options.refcount_order = static_cast<unsigned>(std::countr_zero(given.refcount_bits));
    options.lazy_refcounts = given.lazy_refcounts;
    options.extended_l2 = given.extended_l2;
    if (given.compression_type != "zlib" && given.compression_type != "zstd") {
        return user_error(fmt::format("compression_type cannot be '{}'", given.compression_type), "zlib or zstd");
    }
    options.compression =
        given.compression_type == "zstd" ? block::qcow2::Compression::zstd : block::qcow2::Compression::zlib;
    options.preallocation = KELVIN_TRY(preallocation_called(given.preallocation));
    options.backing_name = given.backing_file;
    options.backing_format = given.backing_fmt;
    return options;
}

/// Looks whether the backing file is there and what it claims to be; its size is the disk's if none was given.
Result<u64> size_of_backing(block::IoContext& io, const std::string& path, const FormatOptions& given) {
    if (given.backing_fmt.empty()) {
        return user_error(fmt::format("the format of backing file '{}' was not named", given.backing_file),
                          "-F raw or -F qcow2");
    }
    const auto format = KELVIN_TRY(named_format(given.backing_fmt));
    const std::string file = KELVIN_TRY(block::backing_path(path, given.backing_file));
    return KELVIN_TRY(open(io, file, format, false)).node->size();
}

Result<> fill_raw(block::IoContext& io, block::FileNode& file, u64 size, const FormatOptions& given) {
    const auto preallocation = KELVIN_TRY(preallocation_called(given.preallocation));
    const std::string doing = fmt::format("image '{}' cannot get its {} bytes", file.path(), size);
    KELVIN_TRY(outcome(io.run(file.resize(size)), doing));
    if (preallocation == block::qcow2::Preallocation::falloc && size != 0) {
        return outcome(io.run(file.allocate(0, size)), doing);
    }
    if (preallocation == block::qcow2::Preallocation::full) {
        return outcome(io.run(file.write_data_zeroes(0, size)), doing);
    }
    return ok();
}

}  // namespace

Result<block::qcow2::CreateOptions> read_qcow2_options(const std::vector<std::string>& texts, u64 size) {
    FormatOptions given;
    for (const std::string& text : texts) {
        const state::Json json = KELVIN_TRY(state::parse_options(text));
        KELVIN_TRY(state::read_options("qcow2", json, given));
    }
    return qcow2_options(given, size);
}

Result<block::OpenedImage> create_image(block::IoContext& io, const std::string& path, block::Format format, u64 size,
                                        const std::vector<std::string>& option_texts, const std::string& backing,
                                        const std::string& backing_format, bool unsafe) {
    FormatOptions given;
    for (const std::string& text : option_texts) {
        const state::Json json = KELVIN_TRY(state::parse_options(text));
        KELVIN_TRY(state::read_options(block::format_name(format), json, given));
    }
    given.backing_file = backing.empty() ? given.backing_file : backing;
    given.backing_fmt = backing_format.empty() ? given.backing_fmt : backing_format;
    size = given.size ? given.size->bytes : size;
    if (!given.backing_file.empty()) {
        if (format != block::Format::qcow2) {
            return user_error("a raw image cannot have a backing file", "-f qcow2");
        }
        const u64 behind = KELVIN_TRY(size_of_backing(io, path, given));
        size = size == ~u64{0} ? behind : size;
    }
    if (size == ~u64{0}) {
        return user_error(fmt::format("image '{}' needs a size", path), "such as 10G, behind the file's name");
    }
    block::OpenedImage made;
    made.format = format;
    const auto options = KELVIN_TRY(qcow2_options(given, size));
    if (format == block::Format::qcow2) {
        KELVIN_TRY(block::qcow2::check_options(options, path));
    }
    block::FileOptions file;
    file.path = path;
    file.no_flush = unsafe;
    file.lock = block::LockMode::writer;
    file.create = true;
    made.file = KELVIN_TRY(block::FileNode::open(io, file));
    made.node = made.file;
    if (format == block::Format::raw) {
        KELVIN_TRY(fill_raw(io, *made.file, size, given));
    } else {
        made.qcow2 = KELVIN_TRY(block::qcow2::create(io, made.file, options));
        made.node = made.qcow2;
    }
    return made;
}

Result<int> create(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.empty() || arguments.operands.size() > 2) {
        return user_error("create takes a file's name and a size", "kelvin-img create -f qcow2 disk.qcow2 10G");
    }
    const std::string& path = arguments.operands[0];
    const auto format = KELVIN_TRY(named_format(arguments.has("f") ? arguments.value("f") : "raw"));
    u64 size = ~u64{0};
    if (arguments.operands.size() == 2) {
        size = KELVIN_TRY(state::parse_size(arguments.operands[1], 1));
    }
    const auto texts = arguments.options.find("o");
    auto made = KELVIN_TRY(create_image(io, path, format, size,
                                        texts == arguments.options.end() ? std::vector<std::string>() : texts->second,
                                        arguments.value("b"), arguments.value("F"), false));
    KELVIN_TRY(outcome(io.run(made.node->close()), fmt::format("image '{}' cannot be written", path)));
    if (!arguments.has("q")) {
        std::printf("%s: %s, %llu bytes\n", path.c_str(), std::string(block::format_name(format)).c_str(),
                    static_cast<unsigned long long>(made.node->size()));
    }
    return 0;
}

}  // namespace kelvin::control::image
