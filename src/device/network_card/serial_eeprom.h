// SPDX-License-Identifier: Apache-2.0
// A 93C46 (Atmel's and Microchip's data sheets agree): 64 words of 16 bits, read and written bit by bit.
#pragma once

#include <array>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::device::network_card {

/// The owner's lock guards it.
class SerialEeprom {
  public:
    static constexpr std::size_t kWords = 64;
    using Words = std::array<u16, kWords>;

    const Words& words() const { return state_.words; }
    Words& words() { return state_.words; }

    /// What the host's pins are now: chip select, clock, data to the chip.
    void drive(bool select, bool clock, bool data);
    /// Data from the chip.
    bool output() const { return state_.output; }
    /// The pins are as after power-on; the words stay.
    void release() { state_ = {.words = state_.words}; }

    struct State {
        Words words{};
        bool select = false;
        bool clock = false;
        bool started = false;  ///< a start bit has come
        bool unlocked = false;
        bool output = true;  ///< ready
        u32 shifted = 0;     ///< what has come since the start bit
        u32 count = 0;       ///< how many bits of it

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("words", words);
            visit("select", select);
            visit("clock", clock);
            visit("started", started);
            visit("unlocked", unlocked);
            visit("output", output);
            visit("shifted", shifted);
            visit("count", count);
        }
        Result<> check() const;
    };
    State& state() { return state_; }

  private:
    void clocked(bool data);
    void finish();

    State state_;
};

}  // namespace kelvin::device::network_card
