"""The gallery: broken images and apps, each a real run of the task, and whether its explanation was right."""
