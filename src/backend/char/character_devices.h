// SPDX-License-Identifier: Apache-2.0
// The host's ends of lines, by the names that users gave them, and who has them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/char/character_device.h"
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
    bool in_use;
};

/// Back ends are made and destroyed on `loop`'s thread, or while none runs it; everything else may be called from any.
class CharacterDevices {
  public:
    /// `loop` outlives this object.
    explicit CharacterDevices(EventLoop& loop) : loop_(loop) {}

    Result<> add(const CharacterSpec& spec);
    /// Not while somebody has it.
    Result<> remove(const std::string& id);

    /// One owner at a time.
    Result<CharacterBackend*> claim(std::string_view id, const std::string& owner);
    /// All that `owner` has.
    void release(const std::string& owner);

    std::vector<CharacterEntry> list() const;
    /// Somebody has to connect before the machine starts.
    bool await_peers() const;

  private:
    struct Entry {
        std::unique_ptr<CharacterBackend> backend;
        std::string owner;  // empty: nobody
        bool claimed = false;
    };

    EventLoop& loop_;
    mutable std::mutex mutex_;  // guards what follows; taken before a back end's own
    std::map<std::string, Entry, std::less<>> entries_;
};

/// Checks what can be checked without making it.
Result<> check_character_spec(const CharacterSpec& spec);

}  // namespace kelvin::backend
