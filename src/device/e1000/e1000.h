// SPDX-License-Identifier: Apache-2.0
// Intel's 82540EM on PCI.
#pragma once

#include "device/intel_ethernet/card.h"

namespace kelvin::device {

class E1000 final : public intel::Card {
  public:
    using Options = network_card::CardOptions;
    static Result<std::unique_ptr<E1000>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been settled.
    E1000(const Options& options, const network_card::CardEnds& ends);
};

}  // namespace kelvin::device
