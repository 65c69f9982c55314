// SPDX-License-Identifier: Apache-2.0
// The transceiver for copper inside a controller (IEEE 802.3, 22.2.4; 8254x 13.4.7.1): registers that MDIC reaches.
// What it agrees on with its partner is there at once: 1000 Mbit/s, both ways at a time.
#pragma once

#include <array>

#include "base/types.h"

namespace kelvin::device::intel {

/// The controller's lock guards it.
class Phy {
  public:
    static constexpr u32 kAddress = 1;
    static constexpr std::size_t kRegisters = 32;

    /// `identity` is both identifier registers.
    explicit Phy(u32 identity) : identity_(identity) { reset(); }

    void reset();
    u16 read(u32 index);
    /// True if it has looked for its partner anew.
    bool write(u32 index, u16 value);

    void set_cable(bool plugged);
    bool link() const;
    /// What is sent comes back.
    bool loops_back() const;

    struct State {
        std::array<u16, kRegisters> registers{};        ///< of page 0
        std::array<u16, kRegisters> other_registers{};  ///< of the others, which nothing here depends on
        bool link_was_lost = false;                     ///< since the status was read

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("registers", registers);
            visit("other_registers", other_registers);
            visit("link_was_lost", link_was_lost);
        }
    };
    const State& state() const { return state_; }
    /// What registers cannot hold is not taken.
    void restore(const State& saved);

  private:
    u16& cell(u32 index);

    const u32 identity_;
    bool cable_ = false;
    State state_;
};

}  // namespace kelvin::device::intel
