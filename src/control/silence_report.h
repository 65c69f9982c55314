// SPDX-License-Identifier: Apache-2.0
// Tells the user about a guest that has begun nothing: no byte for its serial port, nothing read from a disk, and its
// processor in the same few places.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "base/event_loop.h"
#include "control/silence_watch.h"
#include "vm/vm.h"

namespace kelvin::control {

/// The event loop's thread.
class SilenceReport {
  public:
    using Say = std::function<void(const std::string& text)>;

    /// All of it outlives this object.
    SilenceReport(EventLoop& loop, vm::Vm& vm, const SilenceWatch& serial, Say say)
        : loop_(loop), vm_(vm), serial_(serial), say_(std::move(say)) {}
    ~SilenceReport() { loop_.cancel(this); }
    SilenceReport(const SilenceReport&) = delete;
    SilenceReport& operator=(const SilenceReport&) = delete;

    /// Says it once, after the machine has run for so long; nothing if the guest gives a sign of life before.
    void begin();

  private:
    void look();
    bool has_begun_something();
    std::string describe();

    EventLoop& loop_;
    vm::Vm& vm_;
    const SilenceWatch& serial_;
    const Say say_;
    std::set<u64> places_;  ///< pages that its processor was seen in
    unsigned looks_ = 0;
};

}  // namespace kelvin::control
