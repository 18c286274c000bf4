// SPDX-License-Identifier: MIT
// print: a small printf onto the UART.
#include <stdarg.h>

#include "uart.h"

static void put_hex(uint64_t number, int prefix)
{
    int shift = 60;
    if (prefix)
        uart_puts("0x");
    while (shift && !(number >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        uart_putc("0123456789abcdef"[number >> shift & 15]);
}

static void put_signed(int64_t number)
{
    if (number < 0)
        uart_putc('-');
    uart_put_dec(number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    for (; *format; format++) {
        int prefix = 0, wide = 0;
        if (*format != '%') {
            uart_putc((unsigned char)*format);
            continue;
        }
        for (format++; *format == '#' || *format == 'l'; format++)
            *format == '#' ? prefix++ : wide++;
        switch (*format) {
        case 's':
            uart_puts(va_arg(arguments, const char *));
            break;
        case 'c':
            uart_putc(va_arg(arguments, unsigned));
            break;
        case 'd':
            put_signed(wide ? va_arg(arguments, long) : va_arg(arguments, int));
            break;
        case 'u':
            uart_put_dec(wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned));
            break;
        case 'x':
            put_hex(wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned), prefix);
            break;
        case '\0':
            format--; // a lone % at the end
            break;
        default:
            uart_putc((unsigned char)*format);
        }
    }
    va_end(arguments);
}
