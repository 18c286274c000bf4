// SPDX-License-Identifier: MIT
// PL011 UART (DDI 0183): polled output and input, and the receive interrupt.
#ifndef UART_H
#define UART_H

#include <stdint.h>

#define UART_BASE 0x09000000
#define UART_INPUT 1 // its interrupt's input (SPI 1); level

// Emulated UARTs work without. 8 bits, FIFOs on, transmit and receive on.
void uart_init(void);

void uart_putc(unsigned character);
void uart_puts(const char *text);
void uart_put_dec(uint64_t number);

// `0x` and the lowest digits, 1 to 16 of them.
void uart_put_hex(uint64_t number, unsigned digits);

// A character, or -1 if there is none.
int uart_getc(void);

// The line follows the receive FIFO, or stays low.
void uart_irq_enable(void);
void uart_irq_disable(void);

// A small printf: %s, %c, %d, %u, %x and %#x, the last three with an l for 64 bits (uint64_t is unsigned long), %%.
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);

#endif
