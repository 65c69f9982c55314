// SPDX-License-Identifier: Apache-2.0
// A wire between two parts of a machine: one end drives a level, the other end is told. The driver never learns who
// listens.
#pragma once

namespace kelvin {

class Wire {
  public:
    using Listener = void (*)(void* context, bool level);

    /// A wire connected to nothing.
    Wire() = default;
    /// `context` must outlive every copy of the wire. The listener may be called from any thread.
    Wire(Listener listener, void* context) : listener_(listener), context_(context) {}

    void set(bool level) const {
        if (listener_ != nullptr) {
            listener_(context_, level);
        }
    }

  private:
    Listener listener_ = nullptr;
    void* context_ = nullptr;
};

/// A wire that calls `(object.*Method)(level)`.
template <auto Method, class T>
Wire wire_to(T& object) {
    return {[](void* context, bool level) { (static_cast<T*>(context)->*Method)(level); }, &object};
}

}  // namespace kelvin
