// SPDX-License-Identifier: Apache-2.0
// Asks random things of a disk, several at a time.
#pragma once

#include <array>
#include <random>
#include <vector>

#include "backend/block/drive.h"
#include "history.h"

namespace kelvin::endurance {

class Writer {
  public:
    Writer(block::Drive& drive, History& history, std::mt19937_64& random)
        : drive_(drive), history_(history), random_(random) {}

    /// `count` more requests; 0, or the first error.
    int run(u64 count);

  private:
    struct Flight : backend::BlockRequest {
        Writer* writer = nullptr;
        bool flies = false;
        u64 number = 0;
        u64 first = 0;  // sectors
        u64 sectors = 0;
        std::vector<u64> data;
        iovec area{};
    };

    void start(Flight& flight);
    bool place(Flight& flight);
    static void finish(backend::BlockRequest& request, int error);

    block::Drive& drive_;
    History& history_;
    std::mt19937_64& random_;
    u64 left_ = 0;
    int error_ = 0;
    std::array<Flight, 6> flights_;
};

}  // namespace kelvin::endurance
