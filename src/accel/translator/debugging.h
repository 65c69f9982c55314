// SPDX-License-Identifier: Apache-2.0
// What a debugger wants of one vCPU, and what has come of it. A vCPU has one only while there is something wanted.
//
// Breakpoints change no code: in a page that has any, each instruction is a region of its own that nothing is linked to
// and no jump cache knows (Mode::kDebugged), so that the dispatcher sees every pc there. Other pages run as ever. A
// page that is watched is never in a TLB, as with the guest's own watchpoints.
//
// Owner thread: the vCPU's; while it does not run, who holds it still.
#pragma once

#include "accel/debug.h"

namespace kelvin::translator {

class Debugging {
  public:
    explicit Debugging(const accel::DebugOrders& orders);

    const accel::DebugOrders& orders() const { return orders_; }
    const accel::DebugEvent& event() const { return event_; }
    bool has_stopped() const { return event_.kind != accel::DebugEvent::Kind::none; }
    /// The vCPU goes on.
    void forget_event() { event_ = {}; }

    /// A breakpoint stops the vCPU before what is at `pc`.
    bool stops_at(u64 pc);
    /// What is at `pc` is to be executed by itself.
    bool is_alone(u64 pc) const;
    bool takes_interrupts() const;
    /// One that was alone, or an exception in its place. Others may be told of too.
    void instruction_done();

    bool is_page_watched(u64 address) const;
    /// A watchpoint stops the vCPU before the access.
    bool stops_access(u64 address, unsigned size, bool reads, bool writes);

  private:
    const accel::DebugOrders orders_;
    bool passing_;  ///< the next instruction's accesses go ahead
    accel::DebugEvent event_;
};

}  // namespace kelvin::translator
