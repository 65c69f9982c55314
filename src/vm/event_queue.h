// SPDX-License-Identifier: Apache-2.0
// What devices tell of, on its way to the control loop and its clients.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "state/options.h"

namespace kelvin::vm {

/// A guest may open and close a port a million times in a second. Of the events of one name and one device at most one
/// a second is told, the latest, so that neither memory nor a client is filled by them.
class EventQueue {
  public:
    using Tell = std::function<void(const std::string& name, const state::Json& data)>;

    static constexpr i64 kApartNs = 1'000'000'000;

    /// `tell` is called on the loop's thread. `apart_ns` is how far apart events of one kind are.
    EventQueue(EventLoop& loop, Tell tell, i64 apart_ns = kApartNs);
    /// On the loop's thread.
    ~EventQueue();
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;

    /// Any thread.
    void add(std::string_view name, state::Json data);

  private:
    struct Kind {
        std::string name;
        std::optional<state::Json> waiting;
        u64 order = 0;  // among those that wait
        i64 due_ns = 0;
    };
    void report();

    EventLoop& loop_;
    const Tell tell_;
    const i64 apart_ns_;
    std::mutex lock_;  // guards what follows; takes none but the event loop's
    std::map<std::string, Kind> kinds_;
    u64 next_order_ = 0;
};

}  // namespace kelvin::vm
