// SPDX-License-Identifier: Apache-2.0
#include "vm/drives.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/nearest_name.h"
#include "firmware/input_file.h"

namespace kelvin::vm {

namespace {

block::FileOptions file_options(const DriveSpec& spec) {
    const bool read_only = spec.readonly || spec.media == Media::cdrom;
    return {.path = spec.file,
            .read_only = read_only,
            .direct = spec.cache == CacheMode::none || spec.cache == CacheMode::directsync,
            .no_flush = spec.cache == CacheMode::unsafe,
            .discard = spec.discard == DiscardMode::unmap,
            .lock = !spec.locking ? block::LockMode::none
                    : read_only   ? block::LockMode::reader
                                  : block::LockMode::writer};
}

block::DriveOptions drive_options(const DriveSpec& spec) {
    block::DriveOptions options;
    options.name = fmt::format("drive '{}'", spec.id);
    options.serial = spec.serial;
    options.read_only = spec.readonly || spec.media == Media::cdrom;
    options.write_through = spec.cache == CacheMode::writethrough || spec.cache == CacheMode::directsync;
    options.detect_zeroes = static_cast<block::DetectZeroes>(spec.detect_zeroes);
    return options;
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
        for (const auto& entry : entries_) {
            entry->drive->drain();
            entry->drive.reset();
            // An image that cannot be given back in order has said so when it was flushed.
            static_cast<void>(entry->image.file->io().run(entry->image.node->close()));
        }
        entries_.clear();
        for (auto& context : contexts_) {
            if (context != nullptr) {
                context->detach();
                context.reset();
            }
        }
    });
}

Result<block::IoContext*> Drives::context(AioMode mode) {
    const bool threads = mode == AioMode::threads;
    auto& context = contexts_[threads ? 1 : 0];
    if (context == nullptr) {
        const block::IoEngine engine = threads                      ? block::IoEngine::threads
                                       : mode == AioMode::automatic ? block::IoEngine::automatic
                                                                    : block::IoEngine::io_uring;
        context = KELVIN_TRY(block::IoContext::create(engine));
        context->attach(io_);
    }
    return context.get();
}

/// A format that is not named is guessed only where the guest cannot have written what is guessed from: in a file that
/// is nobody's raw disk, since it begins with another format's mark, and is then refused.
Result<block::Format> Drives::format_of(const DriveSpec& spec) {
    if (spec.format) {
        return *spec.format == ImageFormat::qcow2 ? block::Format::qcow2 : block::Format::raw;
    }
    if (const std::string_view format = marked_format(spec.file); format == "qcow2") {
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

Result<> Drives::add(const DriveSpec& spec) {
    Result<> outcome = ok();
    io_.call([&] { outcome = open(spec); });
    return outcome;
}

Result<> Drives::open(const DriveSpec& spec) {
    if (spec.file.empty()) {
        return user_error(fmt::format("drive '{}' has no file", spec.id), "add file=FILE");
    }
    if (std::ranges::any_of(entries_, [&](const auto& entry) { return entry->spec.id == spec.id; })) {
        return user_error(fmt::format("two drives are called '{}'", spec.id), "give each an id of its own");
    }
    block::IoContext* const io = KELVIN_TRY(context(spec.aio));
    block::FileOptions options = file_options(spec);
    // Which file it is has to be known before its lock is asked for: ours would be in the way.
    block::FileOptions look = options;
    look.read_only = true;
    look.lock = block::LockMode::none;
    const auto seen = KELVIN_TRY(block::FileNode::open(*io, look));
    for (const auto& other : entries_) {
        const bool shared = options.read_only && other->image.file->read_only();
        if (other->image.file->identity() == seen->identity() && !shared) {
            return user_error(
                fmt::format("image '{}' is used by drives '{}' and '{}'", spec.file, other->spec.id, spec.id),
                "a file can be one disk only, unless both are readonly=on");
        }
    }
    const block::Format format = KELVIN_TRY(format_of(spec));
    auto entry = std::make_unique<Entry>();
    entry->spec = spec;
    block::OpenOptions image;
    image.file = options;
    image.format = format;
    entry->image = KELVIN_TRY(block::open_image(*io, image));
    entry->drive = std::make_unique<block::Drive>(*io, entry->image.node, drive_options(spec));
    entries_.push_back(std::move(entry));
    return ok();
}

Result<backend::BlockDevice*> Drives::claim(std::string_view id, const std::string& owner) {
    const auto found = std::ranges::find(entries_, id, [](const auto& entry) { return entry->spec.id; });
    if (found == entries_.end()) {
        std::vector<std::string_view> known;
        for (const auto& entry : entries_) {
            known.push_back(entry->spec.id);
        }
        return user_error(fmt::format("there is no -drive or -blockdev called '{}'{}", id, did_you_mean(id, known)),
                          known.empty() ? "add -drive if=none,id=NAME,file=FILE"
                                        : fmt::format("there are: {}", fmt::join(known, ", ")));
    }
    if (!(*found)->owner.empty()) {
        return user_error(fmt::format("drive '{}' is used by another device", id), "one device has a drive at a time");
    }
    (*found)->owner = owner;
    return (*found)->drive.get();
}

void Drives::release(const std::string& owner) {
    for (const auto& entry : entries_) {
        if (entry->owner == owner) {
            entry->owner.clear();
        }
    }
}

std::string Drives::describe() const {
    std::string text;
    for (const auto& entry : entries_) {
        text += fmt::format("{}: {} ({}{}, {})\n", entry->spec.id, entry->spec.file,
                            block::format_name(entry->image.format), entry->drive->read_only() ? ", read-only" : "",
                            firmware::format_size(entry->drive->size()));
    }
    return text;
}

}  // namespace kelvin::vm
