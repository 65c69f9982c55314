// SPDX-License-Identifier: Apache-2.0
// A driver of any virtio device that keeps to the rules of rings as often as not.
#pragma once

#include <vector>

#include "exercise/ports.h"

namespace kelvin::exercise {

class VirtioDriver {
  public:
    VirtioDriver(Guest& guest, Port& port) : guest_(guest), port_(port) {}

    /// Resets the device, negotiates some of its features, places its queues.
    void start();
    /// Offers some requests in some queue, and tells the device.
    void offer();

  private:
    struct Ring {
        Port::Queue place;
        u16 next = 0;        // split: the available index; packed: the next place
        bool wrap = true;    // packed
        u16 descriptor = 0;  // split: the next one to be used
    };
    void place_queue(u16 index, u16 limit);
    void write_descriptor(u64 at, bool writable, u16 flags, u16 last, bool flags_first);
    void offer_split(Ring& ring, unsigned readable, unsigned writable);
    void offer_packed(Ring& ring, unsigned readable, unsigned writable);
    u32 length();
    u64 allocate(u64 size);

    Guest& guest_;
    Port& port_;
    u16 kind_ = 0;
    bool packed_ = false;
    u64 next_ring_ = 0;
    std::vector<Ring> rings_;
};

}  // namespace kelvin::exercise
