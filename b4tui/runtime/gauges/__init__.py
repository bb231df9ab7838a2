"""What is measured and not told: tokens a second, our lines, the machine, who holds which memory."""
