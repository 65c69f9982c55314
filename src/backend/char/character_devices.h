// SPDX-License-Identifier: Apache-2.0
// The host's ends of lines, by the names that users gave them, and who has them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/char/character_device.h"
#include "backend/char/mux.h"
#include "backend/char/ring_buffer.h"
#include "backend/char/stdio_backend.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "state/json.h"

namespace kelvin::backend {

/// One -chardev.
struct CharacterSpec {
    std::string id;
    state::Json options;  ///< "backend" says what it is: "socket"
};

struct CharacterEntry {
    std::string id;
    std::string description;
    bool front_open;  ///< somebody has it, and a guest that can open its end has done so
};

/// Whom character devices belong to. The event loop's thread.
class CharacterOwner {
  public:
    virtual ~CharacterOwner() = default;
    /// Somebody has typed Ctrl-A x.
    virtual void quit_requested() = 0;
    /// `descriptor`'s terminal is in raw mode until the next call, which names -1.
    virtual void terminal_changes(int descriptor) = 0;
};

/// Back ends are made and destroyed on `loop`'s thread, or while none runs it; everything else may be called from any.
class CharacterDevices {
  public:
    /// Both outlive this object; `owner` may be null.
    explicit CharacterDevices(EventLoop& loop, CharacterOwner* owner = nullptr) : loop_(loop), owner_(owner) {}
    ~CharacterDevices() { clear(); }
    CharacterDevices(const CharacterDevices&) = delete;
    CharacterDevices& operator=(const CharacterDevices&) = delete;

    Result<> add(const CharacterSpec& spec);
    /// Not while somebody has it.
    Result<> remove(const std::string& id);
    /// All of them. Nobody has any.
    void clear();

    /// One owner at a time, or several with mux=on. Its end is open unless it says otherwise.
    Result<CharacterBackend*> claim(std::string_view id, const std::string& owner, LineUse use = LineUse::device);
    /// All that `owner` has.
    void release(const std::string& owner);

    std::vector<CharacterEntry> list() const;
    /// "pty:/dev/pts/3"; empty if there is none.
    std::string describe(std::string_view id) const;
    /// Somebody has to connect before the machine starts.
    bool await_peers() const;
    /// Takes out of ring buffer `id` its oldest `count` bytes, or all.
    Result<std::string> read_ring(const std::string& id, std::size_t count);
    Result<> write_ring(const std::string& id, std::string_view bytes);
    /// The process was continued. The loop's thread.
    void resume_terminal();

    struct Kind;  ///< "socket"

  private:
    struct User {
        std::string owner;
        CharacterBackend* end = nullptr;
    };
    struct Entry {
        std::unique_ptr<CharacterBackend> backend;
        std::unique_ptr<Mux> mux;  // in front of it
        std::vector<User> users;
        RingBuffer* ring = nullptr;     // what `backend` is, if it is one
        StdioBackend* stdio = nullptr;  // likewise
    };
    Result<Entry> make(const Kind& kind, const CharacterSpec& spec);
    Result<Entry*> find(std::string_view id);
    Result<RingBuffer*> find_ring(const std::string& id);
    void destroy(Entry& entry);

    EventLoop& loop_;
    CharacterOwner* const owner_;
    mutable std::mutex mutex_;  // guards what follows; taken before a back end's own
    std::map<std::string, Entry, std::less<>> entries_;
};

/// Checks what can be checked without making it.
Result<> check_character_spec(const CharacterSpec& spec);

}  // namespace kelvin::backend
