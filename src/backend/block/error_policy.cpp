// SPDX-License-Identifier: Apache-2.0
#include "backend/block/error_policy.h"

#include <cerrno>

namespace kelvin::backend {

namespace {

constexpr state::EnumName<OnError> kOnErrors[] = {{"auto", OnError::automatic},
                                                  {"report", OnError::report},
                                                  {"ignore", OnError::ignore},
                                                  {"stop", OnError::stop},
                                                  {"enospc", OnError::enospc}};
constexpr state::EnumName<ErrorAction> kActions[] = {
    {"report", ErrorAction::report}, {"ignore", ErrorAction::ignore}, {"stop", ErrorAction::stop}};

constexpr ErrorPolicy kPresets{.read = OnError::report, .write = OnError::enospc};

}  // namespace

std::span<const state::EnumName<OnError>> enum_names(OnError) {
    return kOnErrors;
}
std::span<const state::EnumName<ErrorAction>> enum_names(ErrorAction) {
    return kActions;
}

ErrorPolicy ErrorPolicy::or_else(const ErrorPolicy& other) const {
    return {.read = read == OnError::automatic ? other.read : read,
            .write = write == OnError::automatic ? other.write : write};
}

ErrorAction ErrorPolicy::action(bool is_read, int error) const {
    const ErrorPolicy settled = or_else(kPresets);
    switch (is_read ? settled.read : settled.write) {
        case OnError::ignore:
            return ErrorAction::ignore;
        case OnError::stop:
            return ErrorAction::stop;
        case OnError::enospc:
            return error == ENOSPC ? ErrorAction::stop : ErrorAction::report;
        case OnError::report:
        case OnError::automatic:
            break;
    }
    return ErrorAction::report;
}

bool ErrorPolicy::may_stop() const {
    return action(true, ENOSPC) == ErrorAction::stop || action(false, ENOSPC) == ErrorAction::stop;
}

}  // namespace kelvin::backend
