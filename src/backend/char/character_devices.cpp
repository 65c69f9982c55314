// SPDX-License-Identifier: Apache-2.0
#include "backend/char/character_devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "backend/char/logged_backend.h"
#include "backend/char/output_backends.h"
#include "backend/char/pipe.h"
#include "backend/char/pty.h"
#include "backend/char/socket.h"
#include "backend/char/udp.h"
#include "base/nearest_name.h"
#include "state/options.h"

namespace kelvin::backend {

namespace {

constexpr int kStandardInput = 0;
constexpr std::string_view kStdio = "stdio";

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

struct PathOptions {
    std::string path;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("path", path, "two named pipes without their .in and .out, or what is both");
    }
};

struct StdioChoices {
    bool signal = true;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("signal", signal, "Ctrl-C and its kin end the machine instead of being the guest's");
    }
};

/// What every kind takes.
struct CommonOptions {
    bool mux = false;
    std::string logfile;
    bool logappend = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("mux", mux, "several users, among which Ctrl-A c changes");
        visit("logfile", logfile, "a file that output goes to, too");
        visit("logappend", logappend, "keep what is in that file");
    }
};

/// Moves them out of `options`.
Result<CommonOptions> take_common(state::Json& options) {
    state::Json given = state::Json::object();
    for (const char* const name : {"mux", "logfile", "logappend"}) {
        if (const auto found = options.find(name); found != options.end()) {
            given[name] = *found;
            options.erase(name);
        }
    }
    CommonOptions common;
    KELVIN_TRY(state::read_options("-chardev", given, common));
    return common;
}

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

Made make_udp(const UdpOptions& options, EventLoop& loop) {
    std::unique_ptr<CharacterBackend> made = KELVIN_TRY(UdpBackend::open(options, loop));
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

Made make_stdio(const StdioChoices& choices, EventLoop& loop) {
    StdioOptions options;
    options.signal = choices.signal;
    return Made(std::make_unique<StdioBackend>(loop, options));
}

Made make_pipe(const PathOptions& options, EventLoop& loop) {
    std::unique_ptr<CharacterBackend> made = KELVIN_TRY(PipeBackend::open(options.path, loop));
    return made;
}

}  // namespace

struct CharacterDevices::Kind {
    std::string_view name;
    Made (*make)(const state::Json& options, EventLoop& loop);
};

namespace {

using Kind = CharacterDevices::Kind;

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
    {"udp", read_and_make<UdpOptions, make_udp>},
    {"file", read_and_make<FileOptions, make_file>},
    {kStdio, read_and_make<StdioChoices, make_stdio>},
    {"pipe", read_and_make<PathOptions, make_pipe>},
    {"ringbuf", read_and_make<RingBufferOptions, make_ring_buffer>},
    {"memory", read_and_make<RingBufferOptions, make_ring_buffer>},
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
    const Kind* const kind = KELVIN_TRY(find_kind(spec));
    const bool takes_terminal = kind->name == kStdio;
    {
        const std::lock_guard lock(mutex_);
        if (entries_.contains(spec.id)) {
            return user_error(fmt::format("another character device has id={}", spec.id));
        }
        const bool has_terminal =
            std::ranges::any_of(entries_, [](const auto& each) { return each.second.stdio != nullptr; });
        if (has_terminal && takes_terminal) {
            return user_error("there is only one stdio, and a character device has it",
                              "mux=on lets several users share one: -serial mon:stdio");
        }
    }
    if (takes_terminal && owner_ != nullptr) {
        owner_->terminal_changes(kStandardInput);
    }
    auto made = make(*kind, spec);
    if (!made) {
        if (takes_terminal && owner_ != nullptr) {
            owner_->terminal_changes(-1);
        }
        return made.error();
    }
    const std::lock_guard lock(mutex_);
    entries_.emplace(spec.id, std::move(*made));
    return ok();
}

Result<CharacterDevices::Entry> CharacterDevices::make(const Kind& kind, const CharacterSpec& spec) {
    state::Json options = spec.options;
    options.erase("backend");
    const CommonOptions common = KELVIN_TRY(take_common(options));
    Entry entry;
    entry.backend = KELVIN_TRY(kind.make(options, loop_));
    entry.ring = dynamic_cast<RingBuffer*>(entry.backend.get());
    entry.stdio = dynamic_cast<StdioBackend*>(entry.backend.get());
    if (!common.logfile.empty()) {
        auto log = FileBackend::open(common.logfile, loop_, common.logappend);
        if (!log) {
            return log.error();
        }
        entry.backend = std::make_unique<LoggedBackend>(std::move(entry.backend), std::move(*log));
    }
    if (common.mux) {
        const auto quit = [this] {
            if (owner_ != nullptr) {
                owner_->quit_requested();
            }
        };
        entry.mux = std::make_unique<Mux>(*entry.backend, loop_, quit);
    }
    return entry;
}

void CharacterDevices::destroy(Entry& entry) {
    entry.mux.reset();
    entry.backend.reset();
    if (entry.stdio != nullptr && owner_ != nullptr) {
        owner_->terminal_changes(-1);
    }
}

Result<CharacterDevices::Entry*> CharacterDevices::find(std::string_view id) {
    const auto found = entries_.find(id);
    if (found != entries_.end()) {
        return &found->second;
    }
    std::vector<std::string_view> names;
    std::ranges::transform(entries_, std::back_inserter(names),
                           [](const auto& entry) { return std::string_view(entry.first); });
    return user_error(fmt::format("there is no -chardev with id={}{}", id, did_you_mean(id, names)),
                      names.empty() ? "none is defined" : fmt::format("defined: {}", fmt::join(names, ", ")));
}

Result<> CharacterDevices::remove(const std::string& id) {
    Entry removed;
    {
        const std::lock_guard lock(mutex_);
        Entry* const entry = KELVIN_TRY(find(id));
        if (!entry->users.empty()) {
            return user_error(fmt::format("the character device '{}' is in use by {}", id, entry->users.front().owner),
                              "take away what uses it first: device_del, for a device");
        }
        removed = std::move(*entry);
        entries_.erase(id);
    }
    destroy(removed);
    return ok();
}

void CharacterDevices::clear() {
    std::map<std::string, Entry, std::less<>> all;
    {
        const std::lock_guard lock(mutex_);
        all.swap(entries_);
    }
    for (auto& [id, entry] : all) {
        destroy(entry);
    }
}

Result<CharacterBackend*> CharacterDevices::claim(std::string_view id, const std::string& owner, LineUse use) {
    const std::lock_guard lock(mutex_);
    Entry* const entry = KELVIN_TRY(find(id));
    if (!entry->users.empty() && entry->mux == nullptr) {
        return user_error(fmt::format("the character device '{}' is in use by {}", id, entry->users.front().owner),
                          "give each user its own, or the -chardev mux=on");
    }
    CharacterBackend* const end = entry->mux != nullptr ? entry->mux->add(use) : entry->backend.get();
    entry->users.push_back({owner, end});
    end->set_front_open(true);
    return end;
}

void CharacterDevices::release(const std::string& owner) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, entry] : entries_) {
        std::erase_if(entry.users, [&](const User& user) {
            if (user.owner != owner) {
                return false;
            }
            user.end->set_receiver(nullptr);
            user.end->set_front_open(false);
            if (entry.mux != nullptr) {
                entry.mux->remove(user.end);
            }
            return true;
        });
    }
}

std::vector<CharacterEntry> CharacterDevices::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<CharacterEntry> all;
    for (const auto& [id, entry] : entries_) {
        const bool open = std::ranges::any_of(entry.users, [](const User& user) { return user.end->front_open(); });
        all.push_back({id, entry.backend->describe(), open});
    }
    return all;
}

std::string CharacterDevices::describe(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    return found != entries_.end() ? found->second.backend->describe() : "";
}

bool CharacterDevices::await_peers() const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(entries_, [](const auto& entry) { return entry.second.backend->awaits_peer(); });
}

Result<RingBuffer*> CharacterDevices::find_ring(const std::string& id) {
    Entry* const entry = KELVIN_TRY(find(id));
    if (entry->ring == nullptr) {
        return user_error(fmt::format("the character device '{}' is no ring buffer", id), "-chardev ringbuf,id=NAME");
    }
    return entry->ring;
}

Result<std::string> CharacterDevices::read_ring(const std::string& id, std::size_t count) {
    const std::lock_guard lock(mutex_);
    RingBuffer* const ring = KELVIN_TRY(find_ring(id));
    return ring->read(count);
}

Result<> CharacterDevices::write_ring(const std::string& id, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    RingBuffer* const ring = KELVIN_TRY(find_ring(id));
    ring->write({reinterpret_cast<const u8*>(bytes.data()), bytes.size()});
    return ok();
}

void CharacterDevices::resume_terminal() {
    const std::lock_guard lock(mutex_);
    for (auto& [id, entry] : entries_) {
        if (entry.stdio != nullptr) {
            entry.stdio->resume();
        }
    }
}

}  // namespace kelvin::backend
