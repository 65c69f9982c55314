// SPDX-License-Identifier: Apache-2.0
#include "vm/drives.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "backend/block/chain/open_image.h"
#include "backend/block/graph/node_opener.h"
#include "base/nearest_name.h"
#include "firmware/input_file.h"

namespace kelvin::vm {

using state::Json;

namespace {

/// The node that holds a drive's image, as -blockdev would say it.
Json describe_storage(const DriveSpec& spec) {
    Json file = spec.file.empty() ? Json::object() : block::describe_file(spec.file);
    file["aio"] = state::write_value(spec.aio);
    file["locking"] = spec.locking ? "auto" : "off";
    if (!spec.file_options.is_null()) {
        file.update(spec.file_options);
    }
    return file;
}

/// What a drive says of its topmost node, but for the driver and what is below.
Json describe_top(const DriveSpec& spec) {
    Json top = {{"read-only", spec.readonly || spec.media == Media::cdrom || spec.snapshot.value_or(false)},
                {"cache",
                 {{"direct", spec.cache == CacheMode::none || spec.cache == CacheMode::directsync},
                  {"no-flush", spec.cache == CacheMode::unsafe}}}};
    if (!spec.snapshot.value_or(false)) {
        top["discard"] = state::write_value(spec.discard);
        top["detect-zeroes"] = state::write_value(spec.detect_zeroes);
    }
    return top;
}

/// The name of the image format whose mark `path` begins with; empty: none that is known.
std::string_view marked_format(const std::string& path) {
    struct Mark {
        std::string_view bytes;
        std::string_view format;
    };
    constexpr auto kMarks = std::to_array<Mark>(
        {{"QFI\xfb", "qcow2"}, {"KDMV", "vmdk"}, {"COWD", "vmdk"}, {"conectix", "vpc"}, {"vhdxfile", "vhdx"}});
    std::array<char, 8> begin{};
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const ssize_t count = file ? ::read(file.get(), begin.data(), begin.size()) : 0;
    const std::string_view read(begin.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    const auto found = std::ranges::find_if(kMarks, [&](const Mark& mark) { return read.starts_with(mark.bytes); });
    return found == kMarks.end() ? std::string_view() : found->format;
}

}  // namespace

Drives::~Drives() {
    io_.call([this] {
        while (!entries_.empty()) {
            drop(*entries_.back());
        }
        graph_.reset();
    });
}

/// A format that is not named is guessed only where the guest cannot have written what is guessed from: in a file that
/// is nobody's raw disk, since it begins with another format's mark, and is then refused.
Result<block::Format> Drives::format_of(const DriveSpec& spec) {
    if (spec.format) {
        return *spec.format == ImageFormat::qcow2 ? block::Format::qcow2 : block::Format::raw;
    }
    const std::string_view format = marked_format(spec.file);
    if (spec.named_alone) {
        return format_by_name(spec, format);
    }
    if (format == "qcow2") {
        return user_error(fmt::format("image '{}' begins like one of format qcow2, but no format was named", spec.file),
                          "format=qcow2, if you made it one; format=raw, if a guest wrote that to its raw disk");
    } else if (!format.empty()) {
        return user_error(
            fmt::format("image '{}' begins like one of format {}, which cannot be used yet", spec.file, format),
            "format=raw says that these are a raw disk's own bytes");
    }
    notes_.push_back(fmt::format("image '{}' is taken as raw, as no format was named (format=raw)", spec.file));
    return block::Format::raw;
}

/// A file that is named alone is what its name says, if its content agrees: a guest that writes another format's mark
/// to its raw disk does not change what that is.
Result<block::Format> Drives::format_by_name(const DriveSpec& spec, std::string_view marked) {
    const bool is_qcow2 = spec.file.ends_with(".qcow2");
    if (is_qcow2 != (marked == "qcow2") || (!is_qcow2 && !marked.empty())) {
        return user_error(
            fmt::format(
                "image '{}' is named like {} disk, but {}", spec.file, is_qcow2 ? "a qcow2" : "a raw",
                marked.empty() ? "does not begin like one" : fmt::format("begins like one of format {}", marked)),
            fmt::format("-drive file={},format=FORMAT says what it is", spec.file));
    }
    notes_.push_back(fmt::format("'{}' is {}, as its name and its content say (-drive file=,format=)", spec.file,
                                 is_qcow2                     ? "a qcow2 disk"
                                 : spec.media == Media::cdrom ? "a CD that cannot be written"
                                                              : "a raw disk"));
    return is_qcow2 ? block::Format::qcow2 : block::Format::raw;
}

Result<> Drives::add(const DriveSpec& spec) {
    Result<> outcome = ok();
    io_.call([&] { outcome = open(spec); });
    return outcome;
}

Result<> Drives::open(const DriveSpec& spec) {
    const bool is_empty = spec.file.empty() && spec.node.is_null() && spec.file_options.is_null();
    if (is_empty && spec.media != Media::cdrom) {
        return user_error(fmt::format("drive '{}' has no file", spec.id), "add file=FILE");
    }
    if (std::ranges::any_of(entries_, [&](const auto& entry) { return entry->id == spec.id; })) {
        return user_error(fmt::format("two drives are called '{}'", spec.id), "give each an id of its own");
    }
    const std::string title = fmt::format("drive '{}'", spec.id);
    auto entry = std::make_unique<Entry>();
    entry->id = spec.id;
    entry->is_cdrom = spec.media == Media::cdrom;
    entry->node = is_empty ? nullptr : KELVIN_TRY(open_nodes(spec, title));
    block::DriveOptions options;
    options.serial = spec.serial;
    options.on_error = spec.on_error;
    options.write_through = spec.cache == CacheMode::writethrough || spec.cache == CacheMode::directsync;
    return use_node(std::move(entry), title, std::move(options));
}

Result<block::GraphNode*> Drives::open_nodes(const DriveSpec& spec, const std::string& title) {
    Json top = describe_top(spec);
    if (spec.node.is_null()) {
        top["driver"] = block::format_name(KELVIN_TRY(format_of(spec)));
        top["file"] = describe_storage(spec);
    } else {
        top.update(spec.node);
    }
    if (!spec.snapshot.value_or(false) || spec.readonly || spec.media == Media::cdrom) {
        return graph_->add_unowned(top, title);
    }
    block::CommonOptions overlay;
    overlay.discard = spec.discard;
    overlay.detect_zeroes = spec.detect_zeroes;
    return graph_->add_temporary(top, title, overlay);
}

/// Makes a drive on the entry's node, and keeps it.
Result<> Drives::use_node(std::unique_ptr<Entry> entry, const std::string& title, block::DriveOptions options) {
    options.name = title;
    if (entry->node == nullptr) {
        options.read_only = true;
        entry->drive = std::make_unique<block::Drive>(*KELVIN_TRY(graph_->io()), nullptr, std::move(options));
        watch(*entry);
        entries_.push_back(std::move(entry));
        return ok();
    }
    block::GraphNode& node = *entry->node;
    options.read_only = node.block->read_only();
    options.detect_zeroes = node.detect_zeroes;
    options.discard = node.discard;
    const block::Access access = options.read_only ? block::Access::read : block::Access::write;
    if (auto claimed = graph_->claim(node, {entry.get(), title, access}); !claimed) {
        graph_->release(node, entry.get());  // one that was made for this goes
        return claimed;
    }
    entry->drive = std::make_unique<block::Drive>(*KELVIN_TRY(graph_->io()), node.block, std::move(options));
    watch(*entry);
    entries_.push_back(std::move(entry));
    return ok();
}

void Drives::drop(Entry& entry) {
    entry.drive->drain();
    entry.drive.reset();
    if (entry.node != nullptr) {
        graph_->release(*entry.node, &entry);
    }
    std::erase_if(entries_, [&](const auto& each) { return each.get() == &entry; });
}

Result<> Drives::add_node(const Json& options) {
    Result<> outcome = ok();
    io_.call([&] {
        if (auto added = graph_->add(options); !added) {
            outcome = added.error();
        }
    });
    return outcome;
}

Result<> Drives::remove_node(const std::string& name) {
    Result<> outcome = ok();
    io_.call([&] { outcome = graph_->remove(name); });
    return outcome;
}

Error Drives::unknown_drive(std::string_view id) const {
    std::vector<std::string_view> known;
    for (const auto& entry : entries_) {
        known.push_back(entry->id);
    }
    for (const auto& node : graph_->nodes()) {
        if (node->owned) {
            known.push_back(node->name);
        }
    }
    std::erase(known, "");
    return user_error(
        fmt::format("there is no -drive or -blockdev called '{}'{}", id, did_you_mean(id, known)),
        known.empty() ? "add -drive if=none,id=NAME,file=FILE" : fmt::format("there are: {}", fmt::join(known, ", ")));
}

Result<backend::BlockDevice*> Drives::claim(std::string_view id, const Claimant& device) {
    const auto found = std::ranges::find(entries_, id, [](const auto& entry) { return entry->id; });
    if (!id.empty() && found != entries_.end()) {
        Entry& entry = **found;
        if (!entry.device.key.empty()) {
            return user_error(fmt::format("drive '{}' is used by {}", id, entry.device.title),
                              "one device has a drive at a time");
        }
        entry.device = device;
        return entry.drive.get();
    }
    auto entry = std::make_unique<Entry>();
    entry->node = graph_->find(id);
    if (entry->node == nullptr && (!id.empty() || !device.removable)) {
        return unknown_drive(id);
    }
    entry->device = device;
    KELVIN_TRY(use_node(std::move(entry), device.title, {}));
    return entries_.back()->drive.get();
}

void Drives::release(const std::string& owner) {
    std::vector<Entry*> gone;
    for (const auto& entry : entries_) {
        if (entry->device.key == owner) {
            entry->device = {};
            entry->drive->set_error_policy({});
            gone.push_back(entry.get());
        }
    }
    for (Entry* const entry : gone) {
        if (entry->id.empty()) {
            drop(*entry);
        }
    }
}

Result<> Drives::resize(const std::string& id, const std::string& node, u64 size) {
    Result<> outcome = ok();
    io_.call([&] { outcome = resize_node(id, node, size); });
    return outcome;
}

Result<> Drives::resize_node(const std::string& id, const std::string& name, u64 size) {
    if (size % 512 != 0) {
        return user_error(fmt::format("{} bytes are not a number of whole sectors", size), "a multiple of 512");
    }
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) {
        return name.empty() ? entry->id == id : entry->node != nullptr && entry->node->name == name;
    });
    if (found != entries_.end()) {
        return (*found)->drive->resize(size);
    }
    if (name.empty()) {
        return unknown_drive(id);
    }
    block::GraphNode& node = *KELVIN_TRY(graph_->get(name));
    KELVIN_TRY(graph_->claim(node, {&size, "its change of size", block::Access::write}));
    const int error = graph_->io().value()->run(node.block->resize(size));
    graph_->release(node, &size);
    return error == 0 ? ok()
                      : Result<>(host_error(fmt::format("the size of node '{}' cannot be changed", name), error));
}

std::string Drives::describe() {
    std::string text;
    io_.call([&] {
        for (const auto& entry : entries_) {
            if (entry->node == nullptr) {
                text += fmt::format("{}: no medium\n", entry->id.empty() ? entry->device.title : entry->id);
                continue;
            }
            const block::GraphNode& node = *entry->node;
            const std::string below = node.backing != nullptr ? ", on " + node.backing->block->path() : "";
            text += fmt::format("{}: {} ({}{}, {}{})\n", entry->id.empty() ? node.name : entry->id, node.block->path(),
                                node.driver, entry->drive->read_only() ? ", read-only" : "",
                                firmware::format_size(entry->drive->size()), below);
        }
    });
    return text;
}

}  // namespace kelvin::vm
