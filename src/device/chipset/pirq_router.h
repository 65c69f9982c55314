// SPDX-License-Identifier: Apache-2.0
// PCI interrupts of a PC on their way to the ISA interrupts that firmware has chosen for them (Intel ICH9, document
// 316972, 13.1.10; 82371SB PIIX3, document 290550, 2.2.7), and to the I/O APIC's inputs of their own, where there are.
#pragma once

#include <array>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "base/types.h"
#include "base/wire.h"

namespace kelvin::device {

/// Any thread; wires are driven with the router's lock held.
class PirqRouter {
  public:
    static constexpr unsigned kIsaInterrupts = 16;
    static constexpr u8 kOff = 0x80;  ///< bit of a route: it goes to no ISA interrupt

    /// `count` interrupts; `own` has a wire for each, or none.
    PirqRouter(unsigned count, std::span<const Wire> isa, std::span<const Wire> own);

    Wire input(unsigned number);
    /// As PIRQx_ROUT says.
    void set_route(unsigned number, u8 route);

  private:
    struct Input {
        PirqRouter* router;
        unsigned number;
        bool level = false;
        u8 route = kOff;
        void set(bool now) { router->set_level(*this, now); }
    };

    void set_level(Input& input, bool level);
    void drive(u8 route);

    const std::vector<Wire> isa_;
    const std::vector<Wire> own_;
    std::mutex lock_;  // guards the inputs; outside the interrupt controllers'
    std::deque<Input> inputs_;
    std::array<bool, kIsaInterrupts> driven_{};
};

}  // namespace kelvin::device
