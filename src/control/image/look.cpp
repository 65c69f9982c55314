// SPDX-License-Identifier: Apache-2.0
// Verbs that only look: info and map.
#include <fmt/format.h>

#include <cstdio>

#include "control/image/command.h"
#include "control/image/copy.h"
#include "state/json.h"

namespace kelvin::control::image {

namespace {

using state::Json;

Json describe(const block::OpenedImage& image) {
    Json json = {{"filename", image.file->path()},
                 {"format", block::format_name(image.format)},
                 {"virtual-size", image.node->size()},
                 {"actual-size", image.file->allocated_size()},
                 {"dirty-flag", false}};
    if (image.qcow2 == nullptr) {
        return json;
    }
    const auto& header = image.qcow2->header();
    json["cluster-size"] = header.cluster_size();
    json["dirty-flag"] = (header.incompatible & block::qcow2::kDirty) != 0;
    Json data = {{"compat", header.version == 2 ? "0.10" : "1.1"},
                 {"compression-type", header.compression == block::qcow2::Compression::zstd ? "zstd" : "zlib"},
                 {"refcount-bits", 1U << header.refcount_order}};
    if (header.version == 3) {
        data["lazy-refcounts"] = (header.compatible & block::qcow2::kLazyRefcounts) != 0;
        data["corrupt"] = (header.incompatible & block::qcow2::kCorrupt) != 0;
        data["extended-l2"] = header.extended_l2();
    }
    json["format-specific"] = {{"type", "qcow2"}, {"data", data}};
    if (!header.backing_name.empty()) {
        json["backing-filename"] = header.backing_name;
        if (const auto path = block::backing_path(image.file->path(), header.backing_name)) {
            json["full-backing-filename"] = *path;
        }
        if (!header.backing_format.empty()) {
            json["backing-filename-format"] = header.backing_format;
        }
    }
    for (const auto& snapshot : image.qcow2->snapshots()) {
        json["snapshots"].push_back({{"id", snapshot.id},
                                     {"name", snapshot.name},
                                     {"vm-state-size", snapshot.vm_state_size},
                                     {"date-sec", snapshot.seconds},
                                     {"date-nsec", snapshot.nanoseconds},
                                     {"vm-clock-sec", snapshot.guest_nanoseconds / 1'000'000'000},
                                     {"vm-clock-nsec", snapshot.guest_nanoseconds % 1'000'000'000}});
    }
    return json;
}

std::string size_text(u64 bytes) {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes);
    unsigned unit = 0;
    for (; value >= 1024 && unit < 6; ++unit) {
        value /= 1024;
    }
    return fmt::format("{:.3g} {}", value, kUnits[unit]);
}

void print(const Json& json) {
    std::printf("image: %s\nfile format: %s\n", json["filename"].get<std::string>().c_str(),
                json["format"].get<std::string>().c_str());
    std::printf("virtual size: %s (%llu bytes)\ndisk size: %s\n", size_text(json["virtual-size"]).c_str(),
                static_cast<unsigned long long>(json["virtual-size"].get<u64>()),
                size_text(json["actual-size"]).c_str());
    if (json.contains("cluster-size")) {
        std::printf("cluster_size: %llu\n", static_cast<unsigned long long>(json["cluster-size"].get<u64>()));
    }
    if (json.contains("backing-filename")) {
        std::printf("backing file: %s\n", json["backing-filename"].get<std::string>().c_str());
    }
    if (json.contains("backing-filename-format")) {
        std::printf("backing file format: %s\n", json["backing-filename-format"].get<std::string>().c_str());
    }
    if (json.contains("snapshots")) {
        std::puts("Snapshot list:");
        for (const Json& snapshot : json["snapshots"]) {
            std::printf("%s %s\n", snapshot["id"].get<std::string>().c_str(),
                        snapshot["name"].get<std::string>().c_str());
        }
    }
    if (json.contains("format-specific")) {
        std::puts("Format specific information:");
        for (const auto& [key, value] : json["format-specific"]["data"].items()) {
            std::printf("    %s: %s\n", key.c_str(),
                        value.is_string() ? value.get<std::string>().c_str() : state::to_text(value).c_str());
        }
    }
}

}  // namespace

Result<int> info(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 1) {
        return user_error("info takes an image");
    }
    Json all = Json::array();
    std::string path = arguments.operands[0];
    std::optional<block::Format> format = KELVIN_TRY(format_option(arguments, "f"));
    // A chain that loops ends where a whole one would have to.
    constexpr unsigned kMaxDepth = 200;
    for (bool more = true; more && all.size() < kMaxDepth;) {
        block::OpenOptions options;
        options.file.path = path;
        options.file.read_only = true;
        options.file.lock = arguments.has("U") ? block::LockMode::none : block::LockMode::reader;
        options.format = format;
        options.with_backing = false;
        const auto image = KELVIN_TRY(block::open_image(io, options));
        all.push_back(describe(image));
        more = arguments.has("backing-chain") && image.qcow2 != nullptr && !image.qcow2->header().backing_name.empty();
        if (more) {
            format = block::format_called(image.qcow2->header().backing_format);
            path = KELVIN_TRY(block::backing_path(path, image.qcow2->header().backing_name));
        }
    }
    if (arguments.value("output") == "json") {
        std::puts((arguments.has("backing-chain") ? all : all[0]).dump(4).c_str());
        return 0;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::fputs(i == 0 ? "" : "\n", stdout);
        print(all[i]);
    }
    return 0;
}

Result<int> map(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 1) {
        return user_error("map takes an image");
    }
    const auto format = KELVIN_TRY(format_option(arguments, "f"));
    const auto image = KELVIN_TRY(open(io, arguments.operands[0], format, false, arguments.has("U")));
    Json pieces = Json::array();
    for (u64 at = 0; at < image.node->size();) {
        const auto piece = io.run(piece_at(*image.node, at, image.node->size() - at));
        if (!piece) {
            return host_error(fmt::format("image '{}' cannot be read at {}", image.file->path(), at), piece.error());
        }
        Json json = {{"start", at},
                     {"length", piece->length},
                     {"depth", piece->depth},
                     {"present", piece->present},
                     {"zero", piece->zero},
                     {"data", piece->present && !piece->zero},
                     {"compressed", piece->compressed}};
        if (piece->host_offset) {
            json["offset"] = *piece->host_offset;
        }
        pieces.push_back(std::move(json));
        at += piece->length;
    }
    if (arguments.value("output") == "json") {
        std::puts(pieces.dump().c_str());
        return 0;
    }
    std::printf("%-16s%-16s%-16s%s\n", "Offset", "Length", "Mapped to", "Depth");
    for (const Json& piece : pieces) {
        if (piece["data"].get<bool>()) {
            std::printf("%-16s%-16s%-16s%u\n", fmt::format("{:#x}", piece["start"].get<u64>()).c_str(),
                        fmt::format("{:#x}", piece["length"].get<u64>()).c_str(),
                        piece.contains("offset") ? fmt::format("{:#x}", piece["offset"].get<u64>()).c_str() : "-",
                        piece["depth"].get<unsigned>());
        }
    }
    return 0;
}

}  // namespace kelvin::control::image
