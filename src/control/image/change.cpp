// SPDX-License-Identifier: Apache-2.0
// Verbs that change an image where it is.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "control/image/command.h"
#include "control/image/copy.h"
#include "state/text_values.h"

namespace kelvin::control::image {

namespace {

Result<block::OpenedImage> open_qcow2(block::IoContext& io, const Arguments& arguments, bool writes, const char* what) {
    const std::string& path = arguments.operands.back();
    const auto format = KELVIN_TRY(format_option(arguments, "f"));
    auto image = KELVIN_TRY(open(io, path, format, writes, !writes && arguments.has("U")));
    if (image.qcow2 == nullptr) {
        return user_error(fmt::format("image '{}' is raw, and has no {}", path, what),
                          "kelvin-img convert -O qcow2 makes a qcow2 image of it");
    }
    return image;
}

Result<u64> snapshot_called(const block::OpenedImage& image, const std::string& name) {
    const auto& all = image.qcow2->snapshots();
    // An identifier first, as qemu-img does.
    auto found = std::ranges::find(all, name, &block::qcow2::Snapshot::id);
    found = found != all.end() ? found : std::ranges::find(all, name, &block::qcow2::Snapshot::name);
    if (found == all.end()) {
        return user_error(fmt::format("image '{}' has no snapshot '{}'", image.file->path(), name),
                          "kelvin-img snapshot -l lists them");
    }
    return static_cast<u64>(found - all.begin());
}

void list_snapshots(const block::qcow2::Image& image) {
    if (image.snapshots().empty()) {
        return;
    }
    std::printf("Snapshot list:\n%-10s%-17s%8s%20s\n", "ID", "TAG", "VM SIZE", "DATE");
    for (const auto& snapshot : image.snapshots()) {
        const std::time_t seconds = snapshot.seconds;
        char date[32] = "";
        std::tm local{};
        std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", ::localtime_r(&seconds, &local));
        std::printf("%-9s %-16s %6llu B%20s\n", snapshot.id.c_str(), snapshot.name.c_str(),
                    static_cast<unsigned long long>(snapshot.vm_state_size), date);
    }
}

}  // namespace

Result<int> snapshot(block::IoContext& io, const Arguments& arguments) {
    const auto given = [&](const char* letter) { return arguments.has(letter) ? 1 : 0; };
    if (arguments.operands.size() != 1 || given("a") + given("c") + given("d") > 1) {
        return user_error("snapshot takes one of -l, -a, -c, -d and an image",
                          "kelvin-img snapshot -c before disk.qcow2");
    }
    const bool writes = given("a") + given("c") + given("d") == 1;
    auto image = KELVIN_TRY(open_qcow2(io, arguments, writes, "snapshots"));
    const std::string doing = fmt::format("image '{}' cannot be changed", image.file->path());
    if (!writes) {
        list_snapshots(*image.qcow2);
        return 0;
    }
    if (arguments.has("c")) {
        KELVIN_TRY(outcome(io.run(image.qcow2->create_snapshot(arguments.value("c"))), doing));
    } else if (arguments.has("a")) {
        const u64 index = KELVIN_TRY(snapshot_called(image, arguments.value("a")));
        KELVIN_TRY(outcome(io.run(image.qcow2->apply_snapshot(index)), doing));
    } else {
        const u64 index = KELVIN_TRY(snapshot_called(image, arguments.value("d")));
        KELVIN_TRY(outcome(io.run(image.qcow2->delete_snapshot(index)), doing));
    }
    KELVIN_TRY(outcome(io.run(image.node->close()), doing));
    return 0;
}

Result<int> resize(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 2) {
        return user_error("resize takes an image and its new size", "kelvin-img resize disk.qcow2 +10G");
    }
    const std::string& path = arguments.operands[0];
    std::string text = arguments.operands[1];
    const char sign = text.starts_with('+') || text.starts_with('-') ? text[0] : ' ';
    const u64 bytes = KELVIN_TRY(state::parse_size(sign == ' ' ? text : text.substr(1), 1));
    const auto format = KELVIN_TRY(format_option(arguments, "f"));
    auto image = KELVIN_TRY(open(io, path, format, true));
    const u64 before = image.node->size();
    if (sign == '-' && bytes > before) {
        return user_error(fmt::format("image '{}' has {} bytes only", path, before));
    }
    const u64 size = sign == '+' ? before + bytes : sign == '-' ? before - bytes : bytes;
    if (size < before && !arguments.has("shrink")) {
        return user_error(fmt::format("image '{}' would lose what is behind byte {}", path, size),
                          "--shrink says that this is meant; first make the guest's partitions smaller");
    }
    KELVIN_TRY(outcome(io.run(image.node->resize(size)), fmt::format("image '{}' cannot be resized", path)));
    KELVIN_TRY(outcome(io.run(image.node->close()), fmt::format("image '{}' cannot be written", path)));
    if (!arguments.has("q")) {
        std::puts("Image resized.");
    }
    return 0;
}

Result<int> commit(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 1) {
        return user_error("commit takes an image that has a backing file");
    }
    auto top = KELVIN_TRY(open_qcow2(io, arguments, true, "backing file"));
    const auto& header = top.qcow2->header();
    if (header.backing_name.empty()) {
        return user_error(fmt::format("image '{}' has no backing file to commit to", top.file->path()));
    }
    const std::string path = KELVIN_TRY(block::backing_path(top.file->path(), header.backing_name));
    const std::optional<block::Format> format = block::format_called(header.backing_format);
    top.qcow2->set_backing(nullptr);  // gives up its lock on the backing file
    auto base = KELVIN_TRY(open(io, path, format, true));
    const u64 size = top.node->size();
    const std::string doing = fmt::format("image '{}' cannot be written", path);
    if (base.node->size() < size) {
        KELVIN_TRY(outcome(io.run(base.node->resize(size)), doing));
    }
    constexpr u64 kChunk = u64{2} << 20;
    std::vector<u8> data(kChunk);
    Progress progress(arguments.has("p"), size);
    for (u64 at = 0; at < size;) {
        progress.at(at);
        const auto extent = io.run(top.node->extent(at, std::min(kChunk, size - at)));
        if (!extent) {
            return host_error(fmt::format("image '{}' cannot be read", top.file->path()), extent.error());
        }
        const block::SingleBuffer buffer(data.data(), extent->length);
        if (extent->present) {
            KELVIN_TRY(outcome(io.run(top.node->read(at, buffer.buffers())),
                               fmt::format("image '{}' cannot be read", top.file->path())));
            KELVIN_TRY(outcome(io.run(base.node->write(at, buffer.buffers())), doing));
        }
        at += extent->length;
    }
    // The overlay is emptied only once everything is safely in the backing file.
    KELVIN_TRY(outcome(io.run(base.node->close()), doing));
    KELVIN_TRY(outcome(io.run(top.qcow2->make_empty()), fmt::format("image '{}' cannot be emptied", top.file->path())));
    if (!arguments.has("q")) {
        std::puts("Image committed.");
    }
    return 0;
}

}  // namespace kelvin::control::image
