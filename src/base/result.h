// SPDX-License-Identifier: Apache-2.0
// Errors are values. `Result<T>` holds a T or an Error; `Result<>` holds nothing or an Error.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace kelvin {

enum class ErrorKind {
    user,   ///< something asked for cannot be: the message names the cure
    host,   ///< the host refused: errno and what was being done
    guest,  ///< the guest did what hardware answers with a fault; never stops the machine
};

struct Error {
    ErrorKind kind = ErrorKind::user;
    std::string what;  ///< what is wrong, and where: "kernel '/tmp/x': the file is empty"
    std::string cure;  ///< what to do about it; may be empty

    std::string message() const { return cure.empty() ? what : what + "\n  " + cure; }
};

inline Error user_error(std::string what, std::string cure = {}) {
    return {ErrorKind::user, std::move(what), std::move(cure)};
}

/// "`doing`: strerror(`error_number`)".
Error host_error(std::string doing, int error_number, std::string cure = {});

template <class T = std::monostate>
class [[nodiscard]] Result {
  public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return content_.index() == 0; }

    T& value() {
        KELVIN_ASSERT(content_.index() == 0);
        return std::get<0>(content_);
    }
    const T& value() const {
        KELVIN_ASSERT(content_.index() == 0);
        return std::get<0>(content_);
    }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const {
        KELVIN_ASSERT(content_.index() == 1);
        return std::get<1>(content_);
    }

  private:
    std::variant<T, Error> content_;
};

inline Result<> ok() {
    return std::monostate{};
}

}  // namespace kelvin

/// Evaluates to the value of a Result, or returns its error from the enclosing function (GNU statement expression).
#define KELVIN_TRY(expression)                 \
    __extension__({                            \
        auto kelvin_try_result = (expression); \
        if (!kelvin_try_result) {              \
            return kelvin_try_result.error();  \
        }                                      \
        std::move(kelvin_try_result.value());  \
    })
