// SPDX-License-Identifier: Apache-2.0
// What a person does with a keyboard and a pointer, on its way from a display or a protocol to the guest's devices.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/event_loop.h"
#include "base/types.h"

namespace kelvin::backend {

enum class Button : u8 { left, right, middle, side, extra };

/// A device that input goes to. Called on the I/O loop's thread.
class InputReceiver {
  public:
    virtual ~InputReceiver() = default;

    /// What it is there for; the rest never comes.
    struct Kinds {
        bool keys = false;
        bool relative = false;  ///< buttons, wheel, and how far the pointer moves
        bool absolute = false;  ///< buttons, wheel, and where the pointer is
    };
    virtual Kinds kinds() const = 0;

    /// `code` is Linux's (input-event-codes.h): KEY_A is 30. A key that is held comes again and again.
    virtual void key(u16 /*code*/, bool /*down*/) {}
    virtual void button(Button /*which*/, bool /*down*/) {}
    /// In counts of a mouse.
    virtual void move(i32 /*right*/, i32 /*down*/) {}
    /// From the left and from the top, 0 to kFarthest.
    virtual void place(u16 /*x*/, u16 /*y*/) {}
    /// Clicks of the wheel, down.
    virtual void turn(i32 /*down*/) {}
    /// What came since the last call belongs together.
    virtual void end_of_frame() {}

    static constexpr u16 kFarthest = 0x7fff;
};

/// The machine's keyboard and pointer: each event goes to the receiver that came last among those that take its kind.
class Input {
  public:
    explicit Input(EventLoop& io) : io_(io) {}
    ~Input() { io_.cancel(this); }
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    // I/O loop's thread, or while no loop runs:
    /// `receiver` stays until it is removed.
    void add(InputReceiver& receiver) { receivers_.push_back(&receiver); }
    void remove(InputReceiver& receiver) { std::erase(receivers_, &receiver); }

    // Any thread; what is told is delivered in order:
    void key(u16 code, bool down);
    void button(Button which, bool down);
    void move(i32 right, i32 down);
    /// To a receiver that takes places; if there is none, as a movement from the last place on a screen of
    /// `width` by `height` pixels.
    void place(u16 x, u16 y, u32 width, u32 height);
    void turn(i32 down);
    void end_of_frame();

  private:
    using Event = std::function<void()>;
    /// A person does not do so much before the I/O loop comes to it; more is dropped.
    static constexpr std::size_t kMostWaiting = 1024;
    struct Place {
        u16 x = 0;
        u16 y = 0;
    };

    void tell(Event event);
    void deliver();
    template <class Wants>
    InputReceiver* last_that(Wants wants) const;
    InputReceiver* keyboard() const;
    InputReceiver* pointer() const;
    void follow(Place place, u32 width, u32 height);

    EventLoop& io_;
    std::vector<InputReceiver*> receivers_;  // I/O loop's thread, as the next
    std::optional<Place> last_place_;

    std::mutex lock_;  // guards what follows; innermost
    std::vector<Event> waiting_;
};

}  // namespace kelvin::backend
