// SPDX-License-Identifier: Apache-2.0
// Glue between FP ops and softfloat: elements by format, and the environment of an op.
#pragma once

#include "ir/evaluate.h"
#include "ir/fp/softfloat.h"

namespace kelvin::ir::meaning {

/// The region's FP mode; exceptions go into the status when it ends.
class FpEnvironment {
  public:
    explicit FpEnvironment(const FpContext& context)
        : value(fp::environment_from_fpcr(context.mode.fpcr)), status_(context.status) {}
    FpEnvironment(const FpEnvironment&) = delete;
    FpEnvironment& operator=(const FpEnvironment&) = delete;
    ~FpEnvironment() {
        if (status_ != nullptr) {
            *status_ |= value.exceptions;
        }
    }

    fp::Environment value;

  private:
    u32* status_;
};

/// Calls `function` with a value of the format that `shape` is made of.
template <class Function>
auto with_format(FpShape shape, Function function) {
    switch (fp_lane(shape)) {
        case Lane::h:
            return function(fp::Half{});
        case Lane::s:
            return function(fp::Single{});
        default:
            return function(fp::Double{});
    }
}

template <class F>
fp::Bits<F> fp_element(const V128& value, unsigned i) {
    if constexpr (sizeof(fp::Bits<F>) == 2) {
        return value.h[i];
    } else if constexpr (sizeof(fp::Bits<F>) == 4) {
        return value.s[i];
    } else {
        return value.d[i];
    }
}

template <class F>
void set_fp_element(V128& value, unsigned i, fp::Bits<F> element) {
    if constexpr (sizeof(element) == 2) {
        value.h[i] = element;
    } else if constexpr (sizeof(element) == 4) {
        value.s[i] = element;
    } else {
        value.d[i] = element;
    }
}

}  // namespace kelvin::ir::meaning
