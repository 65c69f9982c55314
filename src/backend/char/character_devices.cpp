// SPDX-License-Identifier: Apache-2.0
#include "backend/char/character_devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "backend/char/output_backends.h"
#include "backend/char/pty.h"
#include "backend/char/ring_buffer.h"
#include "backend/char/socket.h"
#include "base/nearest_name.h"
#include "state/options.h"

namespace kelvin::backend {

namespace {

using Made = Result<std::unique_ptr<CharacterBackend>>;

struct NoOptions {
    template <class Visitor>
    void fields(Visitor&) {}
};

struct FileOptions {
    std::string path;
    bool append = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("path", path, "the file that is written");
        visit("append", append, "keep what is in it");
    }
};

struct RingBufferOptions {
    state::Size size{65536};
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("size", size, "how much is kept, a power of two");
    }
};

Made make_null(const NoOptions&, EventLoop&) {
    return Made(std::make_unique<NullBackend>());
}

Made make_pty(const NoOptions&, EventLoop& loop) {
    std::unique_ptr<CharacterBackend> made = KELVIN_TRY(PtyBackend::open(loop));
    return made;
}

Made make_socket(const SocketOptions& options, EventLoop& loop) {
    std::unique_ptr<CharacterBackend> made = KELVIN_TRY(SocketBackend::open(options, loop));
    return made;
}

Made make_file(const FileOptions& options, EventLoop& loop) {
    if (options.path.empty()) {
        return user_error("a file needs path=");
    }
    std::unique_ptr<CharacterBackend> made = KELVIN_TRY(FileBackend::open(options.path, loop, options.append));
    return made;
}

Made make_ring_buffer(const RingBufferOptions& options, EventLoop&) {
    std::unique_ptr<CharacterBackend> made = KELVIN_TRY(RingBuffer::make(options.size.bytes));
    return made;
}

struct Kind {
    std::string_view name;
    Made (*make)(const state::Json& options, EventLoop& loop);
};

template <class Options, Made (*Maker)(const Options&, EventLoop&)>
Made read_and_make(const state::Json& given, EventLoop& loop) {
    Options options;
    KELVIN_TRY(state::read_options("-chardev", given, options));
    return Maker(options, loop);
}

constexpr auto kKinds = std::to_array<Kind>({
    {"null", read_and_make<NoOptions, make_null>},
    {"pty", read_and_make<NoOptions, make_pty>},
    {"socket", read_and_make<SocketOptions, make_socket>},
    {"file", read_and_make<FileOptions, make_file>},
    {"ringbuf", read_and_make<RingBufferOptions, make_ring_buffer>},
});

Result<const Kind*> find_kind(const CharacterSpec& spec) {
    std::string name;
    if (const auto found = spec.options.find("backend"); found != spec.options.end()) {
        KELVIN_TRY(state::read_value(*found, name));
    }
    const auto kind = std::ranges::find(kKinds, name, &Kind::name);
    if (kind != kKinds.end()) {
        return &*kind;
    }
    std::vector<std::string_view> names;
    std::ranges::transform(kKinds, std::back_inserter(names), &Kind::name);
    return user_error(fmt::format("there is no character device '{}'{}", name, did_you_mean(name, names)),
                      fmt::format("there are {}", fmt::join(names, ", ")));
}

}  // namespace

Result<> check_character_spec(const CharacterSpec& spec) {
    if (spec.id.empty()) {
        return user_error("a character device needs a name", "add id=NAME");
    }
    KELVIN_TRY(find_kind(spec));
    return ok();
}

Result<> CharacterDevices::add(const CharacterSpec& spec) {
    KELVIN_TRY(check_character_spec(spec));
    {
        const std::lock_guard lock(mutex_);
        if (entries_.contains(spec.id)) {
            return user_error(fmt::format("another character device has id={}", spec.id));
        }
    }
    const Kind* const kind = KELVIN_TRY(find_kind(spec));
    state::Json options = spec.options;
    options.erase("backend");
    std::unique_ptr<CharacterBackend> made = KELVIN_TRY(kind->make(options, loop_));
    const std::lock_guard lock(mutex_);
    entries_[spec.id].backend = std::move(made);
    return ok();
}

Result<> CharacterDevices::remove(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) {
        return user_error(fmt::format("there is no character device with id={}", id));
    }
    if (found->second.claimed) {
        return user_error(fmt::format("the character device '{}' is in use", id), "take away what uses it first");
    }
    entries_.erase(found);
    return ok();
}

Result<CharacterBackend*> CharacterDevices::claim(std::string_view id, const std::string& owner) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) {
        std::vector<std::string> names;
        std::ranges::transform(entries_, std::back_inserter(names), [](const auto& entry) { return entry.first; });
        return user_error(fmt::format("there is no -chardev with id={}", id),
                          names.empty() ? "none is defined" : fmt::format("defined: {}", fmt::join(names, ", ")));
    }
    if (found->second.claimed) {
        return user_error(fmt::format("the character device '{}' is in use already", id), "give each user its own");
    }
    found->second.claimed = true;
    found->second.owner = owner;
    return found->second.backend.get();
}

void CharacterDevices::release(const std::string& owner) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, entry] : entries_) {
        if (entry.claimed && entry.owner == owner) {
            entry.backend->set_receiver(nullptr);
            entry.claimed = false;
        }
    }
}

std::vector<CharacterEntry> CharacterDevices::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<CharacterEntry> all;
    for (const auto& [id, entry] : entries_) {
        all.push_back({id, entry.backend->describe(), entry.claimed});
    }
    return all;
}

bool CharacterDevices::await_peers() const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(entries_, [](const auto& entry) { return entry.second.backend->awaits_peer(); });
}

}  // namespace kelvin::backend
