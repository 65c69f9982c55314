// SPDX-License-Identifier: Apache-2.0
// Coroutines, in which the block layer is written: an image format reads like code that blocks, while the event loop
// goes on. They run on one thread, so that nothing here has locks of threads.
//
// A Task starts when it is awaited. Its frame is allocated; the requests that matter for speed (raw files, clusters
// that are there and known) do not come here: see BlockNode::begin_direct().
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace kelvin::block {

template <class T>
class Task;

namespace detail {

/// A child that ends without having waited goes on in its parent by returning, so that a loop of such children needs no
/// stack, whatever the compiler's optimizations.
struct PromiseBase {
    std::coroutine_handle<> parent;
    bool finished = false;
    bool parent_waits = false;

    struct Final {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            PromiseBase& promise = self.promise();
            promise.finished = true;
            if (promise.parent_waits) {
                promise.parent.resume();
            }
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    Final final_suspend() const noexcept { return {}; }
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object();
    void return_value(T result) { value.emplace(std::move(result)); }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task() {
        if (handle_) {
            handle_.destroy();
        }
    }

    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> parent) {
        promise_type& promise = handle_.promise();
        promise.parent = parent;
        handle_.resume();
        promise.parent_waits = !promise.finished;
        return promise.parent_waits;
    }
    T await_resume() { return std::move(*handle_.promise().value); }

  private:
    Handle handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
    return Task<T>(Task<T>::Handle::from_promise(*this));
}

/// A coroutine that nobody awaits: it starts at once and destroys itself at its end.
struct Detached {
    struct promise_type {
        Detached get_return_object() const { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};

}  // namespace kelvin::block
