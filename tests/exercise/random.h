// SPDX-License-Identifier: Apache-2.0
// Numbers that hostile guests choose: small ones, borders, addresses, noise.
#pragma once

#include <array>
#include <random>
#include <span>

#include "base/types.h"

namespace kelvin::exercise {

class Random {
  public:
    explicit Random(u64 seed) : engine_(seed) {}

    u64 any() { return engine_(); }
    /// Less than `end`, which is not 0.
    u64 below(u64 end) { return engine_() % end; }
    bool one_in(u64 count) { return below(count) == 0; }
    template <class T, std::size_t kCount>
    T pick(const std::array<T, kCount>& list) {
        return list[below(kCount)];
    }
    template <class T>
    T& pick(std::span<T> list) {
        return list[below(list.size())];
    }
    /// A number that means something in many places. `address` is one that is mapped.
    u64 number(u64 address) {
        switch (below(8)) {
            case 0:
                return 0;
            case 1:
            case 2:
                return below(20);
            case 3:
                return u64{1} << below(64);
            case 4:
                return (u64{1} << below(64)) - 1;
            case 5:
                return ~u64{0};
            case 6:
                return any();
            default:
                return address;
        }
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace kelvin::exercise
